-- Which messages a message that was submitted here forwards (mail/mime/carried.ts): an administrator's recall may take
-- forwards along.
CREATE TABLE forward (
  tenant_id int NOT NULL,
  -- Message-ID of what is forwarded, without angle brackets.
  message_id_header text NOT NULL,
  -- The forward.
  message_id bigint NOT NULL,
  -- It is one only if its subject is otherwise the same.
  same_subject boolean NOT NULL,
  PRIMARY KEY (tenant_id, message_id_header, message_id)
);
CREATE INDEX forward_message ON forward (tenant_id, message_id);
