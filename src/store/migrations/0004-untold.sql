-- Deliveries that have ended and whose sender is still to be told (RFC 3461): by due_at. There are next to none.
CREATE INDEX delivery_untold ON delivery (tenant_id, due_at) WHERE state IN ('delivered', 'failed') AND due_at IS NOT NULL;
