-- Administration: who may do what for the organisation, finding messages across it, recalling what anybody sent or got,
-- and what two administrators agree on.

-- mail/roles.ts; everybody is a user besides.
ALTER TABLE account ADD COLUMN roles text[] NOT NULL DEFAULT '{}'
  CHECK (roles <@ ARRAY['recall-admin', 'directory-admin', 'auditor', 'owner']);
CREATE INDEX account_roles ON account (tenant_id, id) WHERE roles <> '{}';

-- Settings that differ for a group's members from the tenant's (mail/policy.ts).
ALTER TABLE mail_group ADD COLUMN policy jsonb NOT NULL DEFAULT '{}';

-- What a message carries, for finding all that carry it: each part that is a file, or a message.
CREATE TABLE attachment (
  tenant_id int NOT NULL,
  message_id bigint NOT NULL,
  -- IMAP section number.
  part_id text NOT NULL,
  -- SHA-256 of the decoded octets.
  sha256 bytea NOT NULL,
  name text,
  PRIMARY KEY (tenant_id, message_id, part_id)
);
CREATE INDEX attachment_sha256 ON attachment (tenant_id, sha256);

CREATE INDEX message_header ON message (tenant_id, message_id_header);
CREATE INDEX message_created ON message (tenant_id, created_at);
-- What came after the first message of its thread: forwards are there.
CREATE INDEX message_thread ON message (tenant_id, thread_id) WHERE thread_id <> id;

-- An administrator's recall has account_id 0 where the message was not sent from here.
-- The recall of the message that this one's was a forward of.
ALTER TABLE recall ADD COLUMN forward_of bigint;
-- Who approved it, where two had to agree.
ALTER TABLE recall ADD COLUMN approved_by int;
CREATE INDEX recall_created ON recall (tenant_id, created_at);

-- An administrator's recall that waits for another administrator. Its id becomes its recall's.
CREATE TABLE recall_request (
  tenant_id int NOT NULL,
  id bigint NOT NULL,
  message_id bigint NOT NULL,
  requested_by int NOT NULL,
  -- Null: all.
  recipients text[],
  include_read boolean NOT NULL,
  forwards boolean NOT NULL,
  notify_me boolean NOT NULL,
  reason text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  -- pending is over, too, when expires_at has passed.
  status text NOT NULL CHECK (status IN ('pending', 'approved', 'denied', 'withdrawn')),
  decided_by int,
  decided_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX recall_request_pending ON recall_request (tenant_id, id) WHERE status = 'pending';

-- What administrators were told of by mail: once a recall.
CREATE TABLE recall_alert (
  tenant_id int NOT NULL,
  recall_id bigint NOT NULL,
  -- Why it is unusual.
  causes text[] NOT NULL,
  created_at timestamptz NOT NULL,
  told_at timestamptz,
  PRIMARY KEY (tenant_id, recall_id)
);
CREATE INDEX recall_alert_untold ON recall_alert (tenant_id, recall_id) WHERE told_at IS NULL;

-- The installation's own keys, by purpose: 'pack' signs incident packs (Ed25519, PKCS #8 and SPKI).
CREATE TABLE installation_key (
  purpose text PRIMARY KEY,
  private_key bytea NOT NULL,
  public_key bytea NOT NULL,
  created_at timestamptz NOT NULL
);
