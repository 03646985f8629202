-- A delivery's state is in no index, so that the fan-out's update of it is heap-only (PostgreSQL: HOT): half of what it
-- cost. What is due for sending and what is due for telling were told apart by the state; each has a column of its own.

-- It has ended, and its sender is to be told by then (RFC 3461). Null: told, or need not be.
ALTER TABLE delivery ADD COLUMN untold_at timestamptz;
UPDATE delivery SET untold_at = due_at, due_at = NULL WHERE state IN ('delivered', 'failed') AND due_at IS NOT NULL;

DROP INDEX delivery_due, delivery_lease, delivery_untold;
-- The outgoing queue. Local rows are found by work ranges instead.
CREATE INDEX delivery_due ON delivery (tenant_id, due_at) WHERE account_id IS NULL AND due_at IS NOT NULL;
CREATE INDEX delivery_lease ON delivery (tenant_id, lease_until) WHERE lease_until IS NOT NULL;
-- There are next to none.
CREATE INDEX delivery_untold ON delivery (tenant_id, untold_at) WHERE untold_at IS NOT NULL;
-- All rows of a page change in one transaction: room for a second version of each.
ALTER TABLE delivery SET (fillfactor = 45);
