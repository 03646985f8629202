-- Messages that were accepted before it was kept what they carry and forward (0009, 0010): those up to this number are
-- still to be looked through, by upkeep, from the newest on. A tenant without a row has none left. A day more than need
-- be: servers of before may have run on for a while, and what is there already is left as it is.
CREATE TABLE carried_before (
  tenant_id int PRIMARY KEY,
  message_id bigint NOT NULL
);
INSERT INTO carried_before
  SELECT tenant_id, max(id) FROM message
  WHERE created_at < (SELECT at + interval '1 day' FROM migration WHERE version = 10) GROUP BY tenant_id;
