-- Push subscriptions (RFC 8620 §7.2), application passwords, what is remembered of failed sign-ins, and an index of words.

-- A person's, whichever accounts they may use.
CREATE TABLE push_subscription (
  tenant_id int NOT NULL,
  account_id int NOT NULL,
  id uuid NOT NULL,
  device_client_id text NOT NULL,
  url text NOT NULL,
  -- RFC 8291: { p256dh, auth }.
  keys jsonb,
  verification_code text NOT NULL,
  -- The code was sent to the URL; somebody has sent it back.
  code_sent boolean NOT NULL DEFAULT false,
  verified boolean NOT NULL DEFAULT false,
  expires timestamptz NOT NULL,
  -- Null: all.
  types text[],
  -- The credential that it was made with, and goes with: '' the password, else an application password ("p3").
  credential text NOT NULL,
  -- How far it was told: the states of all its accounts added up. Who raises it tells.
  told bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, account_id, id)
);

-- Passwords for programs: long and random, so a plain hash is enough.
CREATE TABLE app_password (
  tenant_id int NOT NULL,
  account_id int NOT NULL,
  id int NOT NULL,
  name text NOT NULL,
  -- SHA-256.
  hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz,
  -- "imap 192.0.2.7", "http 192.0.2.7": the face, and where from.
  last_used_by text,
  PRIMARY KEY (tenant_id, account_id, id)
);

-- Failed sign-ins, by "address 192.0.2.0/24" and "account ben@pigeon.test": of this server, so of no tenant.
CREATE TABLE sign_in_failure (
  subject text PRIMARY KEY,
  failures int NOT NULL,
  last_at timestamptz NOT NULL,
  -- Nobody is let try before.
  until timestamptz NOT NULL
);
CREATE INDEX sign_in_failure_last ON sign_in_failure (last_at);

-- Which way of cutting texts into words made `search` (mail/words.ts); upkeep brings what is older up to date.
ALTER TABLE message ADD COLUMN search_version smallint NOT NULL DEFAULT 0;
CREATE INDEX message_search ON message USING gin (search);
