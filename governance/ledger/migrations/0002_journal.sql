-- Erasures are written into a journal outside the database before their first step ends, so that a restored backup can
-- be told what happened since.

ALTER TABLE requests ADD COLUMN journaled_at timestamptz;
ALTER TABLE requests ADD CONSTRAINT requests_journaled CHECK (state = 'fenced' OR journaled_at IS NOT NULL) NOT VALID;
