-- Inbox rules: what an account wants done with mail that comes to it. They run once, at acceptance, so that every delivery
-- that a redirect makes exists when the message is accepted (docs/recall.md, Order of events 2).

CREATE TABLE inbox_rule (
  tenant_id int NOT NULL,
  account_id int NOT NULL,
  id int NOT NULL,
  name text NOT NULL,
  enabled boolean NOT NULL,
  -- Rules run in this order, then by id.
  sort_order int NOT NULL,
  -- mail/rules.ts: Conditions, Conditions, Actions.
  conditions jsonb NOT NULL,
  exceptions jsonb NOT NULL,
  actions jsonb NOT NULL,
  created_modseq bigint NOT NULL,
  modseq bigint NOT NULL,
  -- It stays on record for InboxRule/changes.
  destroyed boolean NOT NULL DEFAULT false,
  PRIMARY KEY (tenant_id, account_id, id)
);

-- What rules said of a copy that is yet to be made: where to, and which flags. Gone when it is made.
CREATE TABLE rule_effect (
  tenant_id int NOT NULL,
  message_id bigint NOT NULL,
  account_id int NOT NULL,
  -- Null: the Inbox.
  mailbox_id int,
  flags smallint NOT NULL,
  PRIMARY KEY (tenant_id, message_id, account_id)
);

-- A rule's redirect: the delivery (n) that a sender's own naming led to, whose owner's rule, or whose redirect's owner's,
-- made this one.
ALTER TABLE delivery ADD COLUMN redirect_of int;
-- A redirect to outside: where to, and whose rule it was. `recipient` then says so in words, for everybody else to see.
ALTER TABLE delivery ADD COLUMN forward_to text;
ALTER TABLE delivery ADD COLUMN forward_by text;
-- Of `total`, the local deliveries that rules made. Theirs are the last numbers, with those outside that rules made.
ALTER TABLE submission ADD COLUMN redirected int NOT NULL DEFAULT 0;
