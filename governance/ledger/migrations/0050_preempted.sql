-- How often a running job was given back because its device was needed elsewhere, which is no failed try of the job's,
-- and when it was queued again, for whatever reason.

ALTER TABLE jobs
    ADD COLUMN preempted integer NOT NULL DEFAULT 0 CHECK (preempted >= 0),
    ADD COLUMN requeued_at timestamptz;
