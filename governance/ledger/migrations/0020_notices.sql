-- The outbox. Facts are ids, numbers, words and times; the address is read from the profile when the e-mail leaves.
CREATE TABLE notices (
    id           uuid PRIMARY KEY,
    subject      uuid NOT NULL REFERENCES subjects,
    template     text NOT NULL,
    facts        jsonb NOT NULL,
    about        text NOT NULL CHECK (length(about) <= 100),
    state        text NOT NULL CHECK (state IN ('queued', 'sent', 'dropped')),
    attempt      integer NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL,
    leased_until timestamptz,
    created_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    CHECK ((state = 'queued') = (ended_at IS NULL)),
    UNIQUE (subject, template, about)
);
CREATE INDEX notices_queued ON notices (next_at) WHERE state = 'queued';
CREATE INDEX notices_by_about ON notices (template, about);

-- What notices tell of is found by when it ended.
CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE state IN ('succeeded', 'failed');
CREATE INDEX artifacts_by_last_day ON artifacts (deadline) WHERE state = 'live' AND kind IN ('adapter', 'image');
