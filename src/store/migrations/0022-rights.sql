-- The server's role may append to the audit log and nothing else (store/rights.ts). It moves the head on with each entry:
-- by one, and never back.
CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head FOR EACH ROW
  WHEN (NEW.tenant_id <> OLD.tenant_id OR NEW.seq <> OLD.seq + 1) EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_head_append_only BEFORE DELETE OR TRUNCATE ON audit_head
  FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- Only a table's owner may have it analysed.
CREATE FUNCTION analyse_directory() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  ANALYZE tenant, account, account_state, address, mailbox, group_member;
END $$;
