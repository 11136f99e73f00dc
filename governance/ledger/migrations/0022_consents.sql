-- Consents: the newest of a purpose is live until it is withdrawn; the older ones say what was.
CREATE TABLE consents (
    id             uuid PRIMARY KEY,
    subject        uuid NOT NULL REFERENCES subjects,
    purpose        text NOT NULL,
    policy_version text NOT NULL,
    given_at       timestamptz NOT NULL,
    withdrawn_at   timestamptz
);
CREATE UNIQUE INDEX consents_one_live ON consents (subject, purpose) WHERE withdrawn_at IS NULL;
CREATE INDEX consents_by_subject ON consents (subject);

-- A new version of the policy, or a transfer of the business: told to everybody, in force two weeks after the last was
-- told at the earliest. The version that an installation begins with has nobody to be told to.
CREATE TABLE announcements (
    version      text PRIMARY KEY CHECK (length(version) <= 40),
    kind         text NOT NULL CHECK (kind IN ('policy', 'transfer')),
    digest       bytea NOT NULL CHECK (octet_length(digest) = 32),
    announced_at timestamptz NOT NULL,
    in_force_at  timestamptz,
    first        boolean NOT NULL DEFAULT false,
    CHECK (first OR in_force_at >= announced_at + interval '14 days')
);
CREATE UNIQUE INDEX announcements_one_first ON announcements (first) WHERE first;
