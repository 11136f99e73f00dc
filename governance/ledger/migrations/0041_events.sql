-- What happened to a person's things, for whoever follows it: ids and states, never contents. Triggers write a line in
-- the transaction of the change itself, whichever code makes it. Lines get their numbers afterwards, one batch after
-- the other, so that who reads by number never misses one whose transaction ended late.

CREATE TABLE events (
    id      uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    written bigint GENERATED ALWAYS AS IDENTITY,
    number  bigint UNIQUE,
    subject uuid NOT NULL,
    type    text NOT NULL CHECK (type ~ '^[a-z]+\.[a-z_]+$'),
    about   uuid NOT NULL,
    data    jsonb NOT NULL,
    at      timestamptz,
    CHECK ((number IS NULL) = (at IS NULL))
);
CREATE INDEX events_by_subject ON events (subject, number);
CREATE INDEX events_unnumbered ON events (written) WHERE number IS NULL;
CREATE INDEX events_by_age ON events (at);
CREATE UNIQUE INDEX events_warned_once ON events (subject, about) WHERE type = 'artifact.will_expire';

CREATE TABLE event_head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    number bigint NOT NULL
);
INSERT INTO event_head (number) VALUES (0);

CREATE FUNCTION public_id(prefix text, id uuid) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT prefix || '_' || replace(id::text, '-', '')
$$;

-- Of people who are being erased nothing is told any more, and nothing while a backup is read in.
CREATE FUNCTION tell(people uuid[], type text, about uuid, data jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO events (subject, type, about, data)
    SELECT s.id, $2, $3, jsonb_strip_nulls($4) FROM subjects s WHERE s.id = ANY ($1) AND s.state IN ('active', 'frozen')
        AND current_setting('pixreunion.silent', true) IS DISTINCT FROM 'on'
$$;

CREATE FUNCTION tell_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    what text := NEW.state;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = NEW.state THEN
        what := 'progress';
    ELSIF NEW.state = 'starting' THEN
        what := 'started';
    END IF;
    PERFORM tell(ARRAY[NEW.owner], 'training.' || what, NEW.id, jsonb_build_object(
        'training', public_id('job', NEW.id), 'state', NEW.state, 'progress', NEW.progress, 'error', NEW.code,
        'model', public_id('art', NEW.result)));
    RETURN NULL;
END $$;
CREATE TRIGGER told_when_made AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION tell_of_job();
CREATE TRIGGER told_when_changed AFTER UPDATE OF state, progress ON jobs FOR EACH ROW WHEN (
    (OLD.state <> NEW.state AND NEW.state <> 'processing')
    OR (OLD.state = NEW.state AND floor(NEW.progress * 20) > floor(OLD.progress * 20))
) EXECUTE FUNCTION tell_of_job();

CREATE FUNCTION tell_of_artifact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell(NEW.subjects, CASE NEW.state WHEN 'live' THEN 'picture.created' ELSE 'artifact.erased' END, NEW.id,
        jsonb_build_object('artifact', public_id('art', NEW.id), 'kind', NEW.kind, 'run', public_id('run', NEW.run),
                           'deadline', NEW.deadline));
    RETURN NULL;
END $$;
CREATE TRIGGER told_when_changed AFTER UPDATE OF state ON artifacts FOR EACH ROW WHEN (
    OLD.state <> NEW.state AND ((NEW.state = 'live' AND NEW.kind = 'image')
                                OR (NEW.state = 'erased' AND NEW.kind NOT IN ('latent', 'crop')))
) EXECUTE FUNCTION tell_of_artifact();

CREATE FUNCTION tell_of_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell(ARRAY[NEW.owner], CASE NEW.state WHEN 'completed' THEN 'request.answered' ELSE 'request.received' END,
        NEW.id, jsonb_build_object('request', public_id('req', NEW.id), 'right', 'erasure', 'state', NEW.state));
    RETURN NULL;
END $$;
CREATE TRIGGER told_when_made AFTER INSERT ON requests FOR EACH ROW
    WHEN (NEW.kind = 'erasure') EXECUTE FUNCTION tell_of_erasure();
CREATE TRIGGER told_when_changed AFTER UPDATE OF state ON requests FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NEW.state = 'completed' AND NEW.kind = 'erasure')
    EXECUTE FUNCTION tell_of_erasure();

CREATE FUNCTION tell_of_right() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell(ARRAY[NEW.subject], 'request.' || NEW.state, NEW.id, jsonb_build_object(
        'request', public_id('req', NEW.id), 'right', NEW.kind, 'state', NEW.state, 'outcome', NEW.outcome,
        'artifact', public_id('art', NEW.result)));
    RETURN NULL;
END $$;
CREATE TRIGGER told_when_made AFTER INSERT ON rights_requests FOR EACH ROW EXECUTE FUNCTION tell_of_right();
CREATE TRIGGER told_when_changed AFTER UPDATE OF state ON rights_requests FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tell_of_right();

CREATE FUNCTION tell_of_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell(ARRAY[w.subject], 'order.' || NEW.state, NEW.id, jsonb_build_object(
        'order', public_id('ord', NEW.id), 'state', NEW.state, 'credits', NEW.credits))
    FROM money_wallets w WHERE w.id = NEW.wallet;
    RETURN NULL;
END $$;
CREATE TRIGGER told_when_changed AFTER UPDATE OF state ON money_orders FOR EACH ROW
    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tell_of_order();

-- Where a person's events are sent to. The address is an artifact; the secret follows from the id and `generation`.
CREATE TABLE webhooks (
    id         uuid PRIMARY KEY,
    subject    uuid NOT NULL REFERENCES subjects,
    address    uuid NOT NULL,
    types      text[] NOT NULL,
    generation integer NOT NULL DEFAULT 1 CHECK (generation > 0),
    rotated_at timestamptz,
    enabled    boolean NOT NULL DEFAULT true,
    code       text CHECK (length(code) <= 48),
    created_at timestamptz NOT NULL,
    CHECK (NOT enabled OR code IS NULL)
);
CREATE INDEX webhooks_by_subject ON webhooks (subject, id);

CREATE TABLE webhook_deliveries (
    webhook    uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    event      uuid NOT NULL REFERENCES events ON DELETE CASCADE,
    state      text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts   integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    status     integer,
    next_at    timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz,
    PRIMARY KEY (webhook, event),
    CHECK ((state = 'pending') = (ended_at IS NULL))
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (event);
