-- What people and the data-protection officer ask for, each with a clock; erasures have a table of their own.

ALTER TABLE subjects ADD COLUMN objections text[] NOT NULL DEFAULT '{}';

CREATE TABLE rights_requests (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL
                 CHECK (kind IN ('access', 'portability', 'rectification', 'restriction', 'objection')),
    subject      uuid NOT NULL,
    channel      text NOT NULL CHECK (channel IN ('account', 'opendsr', 'officer')),
    purpose      text,
    artifact     uuid,
    message      uuid,
    state        text NOT NULL CHECK (state IN ('received', 'working', 'answered', 'refused', 'withdrawn')),
    outcome      text CHECK (length(outcome) <= 48),
    answer       uuid,
    result       uuid,
    created_at   timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    warn_at      timestamptz NOT NULL,
    extended     boolean NOT NULL DEFAULT false,
    answered_at  timestamptz,
    leased_until timestamptz,
    attempts     integer NOT NULL DEFAULT 0,
    CHECK ((kind = 'objection') = (purpose IS NOT NULL)),
    CHECK ((state IN ('answered', 'refused', 'withdrawn')) = (answered_at IS NOT NULL)),
    CHECK (state NOT IN ('answered', 'refused') OR outcome IS NOT NULL),
    CHECK (warn_at < due_at)
);
CREATE INDEX rights_requests_by_subject ON rights_requests (subject, id);
CREATE INDEX rights_requests_open ON rights_requests (warn_at) WHERE state IN ('received', 'working');

-- The numbers that outside tools gave to requests (rights_requests or requests).
CREATE TABLE outside_numbers (
    number      uuid PRIMARY KEY,
    request     uuid NOT NULL,
    received_at timestamptz NOT NULL
);

INSERT INTO transitions VALUES
    ('rights_requests', 'received', 'working'),
    ('rights_requests', 'received', 'answered'),
    ('rights_requests', 'received', 'refused'),
    ('rights_requests', 'received', 'withdrawn'),
    ('rights_requests', 'working', 'received'),
    ('rights_requests', 'working', 'answered'),
    ('rights_requests', 'working', 'refused'),
    ('rights_requests', 'working', 'withdrawn'),
    ('rights_requests', 'answered', 'withdrawn');

CREATE TRIGGER legal_transition AFTER UPDATE ON rights_requests REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_illegal_transition();

-- A child's data found: what was ordered and why; the person is known by the erasure's number alone.
CREATE TABLE takedowns (
    request    uuid PRIMARY KEY,
    reason     text NOT NULL CHECK (length(reason) <= 48),
    ordered_at timestamptz NOT NULL
);

-- Disclosures that the law demanded (P5.3).
CREATE TABLE disclosures (
    id           uuid PRIMARY KEY,
    subject      uuid NOT NULL,
    recipient    text NOT NULL CHECK (length(recipient) <= 48),
    basis        text NOT NULL CHECK (length(basis) <= 48),
    reference    text NOT NULL CHECK (length(reference) <= 48),
    kinds        text[] NOT NULL CHECK (cardinality(kinds) > 0),
    disclosed_at timestamptz NOT NULL
);
CREATE INDEX disclosures_by_subject ON disclosures (subject);

-- Personal data breaches with their 72 hours (GDPR articles 33 and 34).
CREATE TABLE breaches (
    id             uuid PRIMARY KEY,
    reference      text NOT NULL CHECK (length(reference) <= 48),
    nature         text[] NOT NULL CHECK (cardinality(nature) > 0),
    kinds          text[] NOT NULL,
    people         integer NOT NULL CHECK (people >= 0),
    risk           text NOT NULL CHECK (risk IN ('unlikely', 'risk', 'high')),
    state          text NOT NULL CHECK (state IN ('open', 'notified', 'closed')),
    found_at       timestamptz NOT NULL,
    due_at         timestamptz NOT NULL,
    notified_at    timestamptz,
    late_reason    text CHECK (length(late_reason) <= 48),
    people_told_at timestamptz,
    closed_at      timestamptz,
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK (state <> 'notified' OR notified_at IS NOT NULL)
);
CREATE INDEX breaches_open ON breaches (due_at) WHERE notified_at IS NULL AND closed_at IS NULL;

INSERT INTO transitions VALUES
    ('breaches', 'open', 'notified'),
    ('breaches', 'open', 'closed'),
    ('breaches', 'notified', 'closed');

CREATE TRIGGER legal_transition AFTER UPDATE ON breaches REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_illegal_transition();

-- Raised once for each stage of each clock.
CREATE TABLE alarms (
    about     uuid NOT NULL,
    stage     text NOT NULL CHECK (stage IN ('soon', 'overdue')),
    raised_at timestamptz NOT NULL,
    PRIMARY KEY (about, stage)
);
