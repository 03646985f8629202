-- Alerts are read in the pages as well, and acknowledged there.

-- Null: nobody has.
ALTER TABLE recall_alert ADD COLUMN acknowledged_by int;
ALTER TABLE recall_alert ADD COLUMN acknowledged_at timestamptz;
-- The number in the audit log of what made it, and of what changed it last; 0: it is older than these.
ALTER TABLE recall_alert ADD COLUMN created_modseq bigint NOT NULL DEFAULT 0;
ALTER TABLE recall_alert ADD COLUMN modseq bigint NOT NULL DEFAULT 0;
CREATE INDEX recall_alert_modseq ON recall_alert (tenant_id, modseq);

-- Which recalls one has taken along.
CREATE INDEX recall_forward ON recall (tenant_id, forward_of) WHERE forward_of IS NOT NULL;
