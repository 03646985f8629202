-- When the program that had downloaded a copy, before a recall took it, was told that it is gone. Null: not since.
ALTER TABLE outcome ADD COLUMN told_at timestamptz;
-- What is looked at when a program is told of changes: an account's downloaded copies that were taken back. There are few.
CREATE INDEX vault_downloaded ON vault (tenant_id, account_id) WHERE downloaded_by IS NOT NULL;
