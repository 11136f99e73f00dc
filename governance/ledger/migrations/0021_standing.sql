-- Standing: what somebody works as and whether the address is known to be theirs.
ALTER TABLE accounts
    ADD COLUMN role text NOT NULL DEFAULT 'client'
        CHECK (role IN ('client', 'support', 'ml-ops', 'cluster-admin', 'dpo')),
    ADD COLUMN confirmed_at timestamptz;

-- Tokens of one sign-in end together. A refresh token is used once; one that comes again was stolen.
ALTER TABLE tokens ADD COLUMN session uuid, ADD COLUMN used_at timestamptz;
CREATE INDEX tokens_by_session ON tokens (session) WHERE session IS NOT NULL;

-- Codes that an e-mail carries, each good for one use. The text in the e-mail follows from the id under a key of the
-- ingress; it is kept nowhere.
CREATE TABLE codes (
    id         uuid PRIMARY KEY,
    subject    uuid NOT NULL REFERENCES subjects,
    kind       text NOT NULL CHECK (kind IN ('confirmation', 'reset')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX codes_by_subject ON codes (subject);
CREATE INDEX codes_by_end ON codes (expires_at);

-- How often passwords were tried, whether the address has an account or not; forgotten within the hour.
CREATE TABLE sign_in_attempts (
    email_hash bytea PRIMARY KEY CHECK (octet_length(email_hash) = 32),
    count      integer NOT NULL CHECK (count > 0),
    since      timestamptz NOT NULL
);
CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (since);
