-- Octets that an account's messages may take up together; null: as many as there are. And the account's modseq when that
-- was last changed.
ALTER TABLE account ADD COLUMN quota bigint CHECK (quota >= 0);
ALTER TABLE account ADD COLUMN quota_modseq bigint NOT NULL DEFAULT 0;
CREATE INDEX account_quota ON account (tenant_id, id) WHERE quota IS NOT NULL;
