-- States: one machine per table; lifecycle.py holds the same data.

CREATE TABLE transitions (
    machine    text NOT NULL,
    from_state text NOT NULL,
    to_state   text NOT NULL,
    PRIMARY KEY (machine, from_state, to_state)
);

INSERT INTO transitions VALUES
    ('artifacts', 'registered', 'live'), ('artifacts', 'registered', 'erasing'), ('artifacts', 'live', 'erasing'),
    ('artifacts', 'live', 'held'), ('artifacts', 'held', 'erasing'), ('artifacts', 'erasing', 'erased'),
    ('subjects', 'active', 'frozen'), ('subjects', 'frozen', 'active'), ('subjects', 'active', 'erasing'),
    ('subjects', 'frozen', 'erasing'), ('subjects', 'erasing', 'erased'),
    ('runs', 'running', 'succeeded'), ('runs', 'running', 'failed'), ('runs', 'running', 'canceled'),
    ('requests', 'fenced', 'dropped'), ('requests', 'dropped', 'deleted'), ('requests', 'deleted', 'scrubbed'),
    ('requests', 'scrubbed', 'notified'), ('requests', 'notified', 'scanned'), ('requests', 'scanned', 'completed'),
    ('jobs', 'queued', 'starting'), ('jobs', 'queued', 'canceled'), ('jobs', 'starting', 'processing'),
    ('jobs', 'starting', 'queued'), ('jobs', 'starting', 'succeeded'), ('jobs', 'starting', 'failed'),
    ('jobs', 'starting', 'canceled'), ('jobs', 'processing', 'queued'), ('jobs', 'processing', 'succeeded'),
    ('jobs', 'processing', 'failed'), ('jobs', 'processing', 'canceled');

CREATE FUNCTION refuse_illegal_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    SELECT o.state AS from_state, n.state AS to_state INTO broken
    FROM old_rows o JOIN new_rows n USING (id)
    WHERE o.state <> n.state AND NOT EXISTS (
        SELECT FROM transitions t
        WHERE t.machine = TG_TABLE_NAME AND t.from_state = o.state AND t.to_state = n.state)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% cannot go from % to %', TG_TABLE_NAME, broken.from_state, broken.to_state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

-- Keys. Every sealed column dies with its epoch: at rotation the living are rewrapped, the old secret is destroyed.

CREATE TABLE epochs (
    number        integer PRIMARY KEY,
    state         text NOT NULL CHECK (state IN ('active', 'retiring', 'destroyed')),
    sealed_secret bytea,
    created_at    timestamptz NOT NULL,
    destroyed_at  timestamptz,
    CHECK ((state = 'destroyed') = (sealed_secret IS NULL)),
    CHECK ((state = 'destroyed') = (destroyed_at IS NOT NULL))
);
CREATE UNIQUE INDEX epochs_one_active ON epochs (state) WHERE state = 'active';

CREATE TABLE service_keys (
    name      text PRIMARY KEY,
    sealed    bytea NOT NULL,
    key_epoch integer NOT NULL REFERENCES epochs
);

-- People.

CREATE TABLE subjects (
    id         uuid PRIMARY KEY,
    region     text NOT NULL,
    state      text NOT NULL CHECK (state IN ('active', 'frozen', 'erasing', 'erased')),
    sealed_key bytea,
    key_epoch  integer,
    created_at timestamptz NOT NULL,
    erased_at  timestamptz,
    CHECK ((state IN ('erasing', 'erased')) = (sealed_key IS NULL)),
    CHECK ((state = 'erased') = (erased_at IS NOT NULL))
);
CREATE INDEX subjects_by_epoch ON subjects (key_epoch) WHERE sealed_key IS NOT NULL;
CREATE TRIGGER legal_transition AFTER UPDATE ON subjects REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_illegal_transition();

CREATE TABLE accounts (
    subject       uuid PRIMARY KEY REFERENCES subjects,
    email_hash    bytea NOT NULL UNIQUE CHECK (octet_length(email_hash) = 32),
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL
);

CREATE TABLE tokens (
    id         uuid PRIMARY KEY,
    subject    uuid NOT NULL REFERENCES subjects,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    scopes     text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX tokens_by_subject ON tokens (subject);
CREATE INDEX tokens_by_end ON tokens (expires_at);

-- What is derived from people. `subjects` and `parents` are repeated in the two edge tables below, which serve the
-- walks; their rows are checked under row locks when they are written, not by foreign keys, which cost too much here.

CREATE TABLE artifacts (
    id          uuid PRIMARY KEY,
    kind        text NOT NULL,
    purpose     text NOT NULL,
    state       text NOT NULL CHECK (state IN ('registered', 'live', 'held', 'erasing', 'erased')),
    subjects    uuid[] NOT NULL CHECK (cardinality(subjects) > 0),
    parents     uuid[] NOT NULL,
    run         uuid,
    writer      uuid,
    sealed_key  bytea,
    key_epoch   integer,
    version_id  text,
    size        bigint,
    sha256      bytea,
    created_at  timestamptz NOT NULL,
    deadline    timestamptz,
    erased_at   timestamptz,
    CHECK ((state IN ('erasing', 'erased')) = (sealed_key IS NULL)),
    CHECK (state NOT IN ('live', 'held') OR (version_id IS NOT NULL AND sha256 IS NOT NULL)),
    CHECK ((state = 'erased') = (erased_at IS NOT NULL)),
    CHECK (state <> 'erased' OR (version_id IS NULL AND sha256 IS NULL AND size IS NULL AND run IS NULL))
);
CREATE INDEX artifacts_by_epoch ON artifacts (key_epoch) WHERE sealed_key IS NOT NULL;
CREATE INDEX artifacts_by_deadline ON artifacts (deadline) WHERE state IN ('registered', 'live');
CREATE INDEX artifacts_by_writer ON artifacts (writer) WHERE writer IS NOT NULL;
CREATE INDEX artifacts_unfinished ON artifacts (created_at) WHERE state = 'registered';
CREATE TRIGGER legal_transition AFTER UPDATE ON artifacts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_illegal_transition();

CREATE TABLE parents (
    parent uuid NOT NULL,
    child  uuid NOT NULL,
    PRIMARY KEY (parent, child)
);

CREATE TABLE artifact_subjects (
    subject  uuid NOT NULL,
    artifact uuid NOT NULL,
    PRIMARY KEY (subject, artifact)
);

CREATE TABLE runs (
    id          uuid PRIMARY KEY,
    purpose     text NOT NULL,
    basis       text NOT NULL,
    subjects    uuid[] NOT NULL,
    inputs      uuid[] NOT NULL,
    state       text NOT NULL CHECK (state IN ('running', 'succeeded', 'failed', 'canceled')),
    started_at  timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK ((state = 'running') = (finished_at IS NULL))
);
CREATE INDEX runs_running ON runs (started_at) WHERE state = 'running';
CREATE INDEX runs_by_subject ON runs USING gin (subjects);
CREATE TRIGGER legal_transition AFTER UPDATE ON runs REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_illegal_transition();

-- Who has plaintext in memory, and of what.

CREATE TABLE holders (
    id             uuid PRIMARY KEY,
    kind           text NOT NULL,
    region         text NOT NULL,
    sealed_session bytea NOT NULL,
    key_epoch      integer NOT NULL,
    opened_at      timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL
);

CREATE TABLE holdings (
    holder     uuid NOT NULL REFERENCES holders ON DELETE CASCADE,
    artifact   uuid NOT NULL,
    purpose    text NOT NULL,
    lease      uuid NOT NULL,
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (holder, artifact, purpose)
);
CREATE INDEX holdings_by_artifact ON holdings (artifact);

CREATE TABLE holds (
    id         uuid PRIMARY KEY,
    artifact   uuid NOT NULL REFERENCES artifacts,
    basis      text NOT NULL CHECK (length(basis) <= 48),
    until      timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE INDEX holds_standing ON holds (artifact) WHERE ended_at IS NULL;

-- Erasures on their way: `state` is the last finished step; `next_at` and `leased_until` let any process resume it.

CREATE TABLE requests (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('erasure', 'expiry')),
    asked_by     text NOT NULL,
    owner        uuid NOT NULL REFERENCES subjects,
    subject      uuid REFERENCES subjects,
    artifact     uuid REFERENCES artifacts,
    state        text NOT NULL CHECK (state IN
        ('fenced', 'dropped', 'deleted', 'scrubbed', 'notified', 'scanned', 'completed')),
    counts       jsonb NOT NULL,
    held         jsonb NOT NULL,
    residue      jsonb,
    created_at   timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    completed_at timestamptz,
    attempts     integer NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL,
    leased_until timestamptz,
    leaves       bigint[] NOT NULL DEFAULT '{}',
    certificate  text,
    CHECK (subject IS NULL OR artifact IS NULL),
    CHECK ((state = 'completed') = (completed_at IS NOT NULL)),
    CHECK (state <> 'completed' OR certificate IS NOT NULL)
);
CREATE UNIQUE INDEX requests_one_per_subject ON requests (subject) WHERE subject IS NOT NULL;
CREATE UNIQUE INDEX requests_one_per_artifact ON requests (artifact) WHERE artifact IS NOT NULL;
CREATE INDEX requests_by_owner ON requests (owner);
CREATE INDEX requests_open ON requests (next_at) WHERE state <> 'completed';
CREATE TRIGGER legal_transition AFTER UPDATE ON requests REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_illegal_transition();

CREATE TABLE request_artifacts (
    request  uuid NOT NULL REFERENCES requests,
    artifact uuid NOT NULL REFERENCES artifacts,
    kind     text NOT NULL,
    PRIMARY KEY (request, artifact)
);
CREATE INDEX request_artifacts_by_artifact ON request_artifacts (artifact);

-- Third parties.

CREATE TABLE processors (
    name       text PRIMARY KEY,
    region     text NOT NULL,
    purpose    text NOT NULL,
    fields     text[] NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE transfers (
    id        uuid PRIMARY KEY,
    processor text NOT NULL REFERENCES processors,
    subject   uuid NOT NULL REFERENCES subjects,
    artifact  uuid,
    fields    text[] NOT NULL,
    sent_at   timestamptz NOT NULL
);
CREATE INDEX transfers_by_subject ON transfers (subject);

CREATE TABLE processor_answers (
    request     uuid NOT NULL REFERENCES requests,
    processor   text NOT NULL,
    answer      text NOT NULL CHECK (answer IN
        ('erased', 'nothing-held', 'retained-by-law', 'pending', 'refused', 'unreachable')),
    told_at     timestamptz NOT NULL,
    answered_at timestamptz,
    PRIMARY KEY (request, processor)
);

-- The training queue.

CREATE TABLE jobs (
    id              uuid PRIMARY KEY,
    owner           uuid NOT NULL REFERENCES subjects,
    inputs          uuid[] NOT NULL,
    preset          text NOT NULL,
    params          jsonb NOT NULL,
    region          text NOT NULL,
    priority        integer NOT NULL,
    gpu_seconds     double precision NOT NULL CHECK (gpu_seconds >= 0),
    memory_mb       integer NOT NULL CHECK (memory_mb >= 0),
    idempotency_key text,
    state           text NOT NULL CHECK (state IN
        ('queued', 'starting', 'processing', 'succeeded', 'failed', 'canceled')),
    attempt         integer NOT NULL DEFAULT 0,
    worker          text,
    heartbeat_at    timestamptz,
    cancel_asked_at timestamptz,
    progress        double precision NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    used_gpu_seconds double precision NOT NULL DEFAULT 0,
    run             uuid,
    result          uuid,
    code            text,
    created_at      timestamptz NOT NULL,
    queued_at       timestamptz NOT NULL,
    finished_at     timestamptz,
    CHECK ((state IN ('starting', 'processing')) = (worker IS NOT NULL)),
    CHECK ((state IN ('starting', 'processing')) = (heartbeat_at IS NOT NULL)),
    CHECK ((state IN ('succeeded', 'failed', 'canceled')) = (finished_at IS NOT NULL)),
    CHECK (state <> 'succeeded' OR result IS NOT NULL),
    CHECK (state <> 'failed' OR code IS NOT NULL)
);
CREATE INDEX jobs_queued ON jobs (priority DESC, queued_at) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (heartbeat_at) WHERE state IN ('starting', 'processing');
CREATE INDEX jobs_by_owner ON jobs (owner, id);
CREATE UNIQUE INDEX jobs_once ON jobs (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE TRIGGER legal_transition AFTER UPDATE ON jobs REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_illegal_transition();

CREATE TABLE idempotency (
    owner        uuid NOT NULL REFERENCES subjects,
    key          text NOT NULL,
    fingerprint  bytea NOT NULL,
    response_ref text NOT NULL,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- The audit log: leaves, every eighth level of the tree, and its head; checkpoints are signed heads.

CREATE TABLE audit_leaves (
    index bigint PRIMARY KEY,
    data  bytea NOT NULL,
    hash  bytea NOT NULL
);

CREATE TABLE audit_nodes (
    level integer NOT NULL,
    index bigint NOT NULL,
    hash  bytea NOT NULL,
    PRIMARY KEY (level, index)
);

CREATE TABLE audit_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    size   bigint NOT NULL,
    peaks  bytea[] NOT NULL
);
INSERT INTO audit_head VALUES (true, 0, '{}');

CREATE TABLE audit_checkpoints (
    size     bigint PRIMARY KEY,
    document text NOT NULL,
    at       timestamptz NOT NULL
);
