-- What a client sees of a job besides its state: how the training goes, and when the pool will take it. Numbers alone.

ALTER TABLE jobs
    ADD COLUMN step integer NOT NULL DEFAULT 0 CHECK (step >= 0),
    ADD COLUMN steps integer CHECK (steps > 0),
    ADD COLUMN seconds_left double precision,
    ADD COLUMN curve jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN place integer,
    ADD COLUMN starts_at timestamptz,
    ADD COLUMN ends_at timestamptz,
    ADD COLUMN waits_for text CHECK (waits_for IN ('turn', 'quota', 'region', 'memory'));
