-- The subject that is sorted by (RFC 5256 §2.1), as mail/mime/subject.ts has it; null: the subject itself.
ALTER TABLE message ADD COLUMN base_subject text;
-- What was stored before: nearly that.
UPDATE message SET base_subject = regexp_replace(subject, '^\s*((\[[^][]*\]\s*)*(re|fwd?)\s*(\[[^][]*\])?\s*:\s*)*(\[[^][]*\]\s+(?=\S))*', '', 'i')
  WHERE subject ~* '^\s*(\[|re|fwd?)';
