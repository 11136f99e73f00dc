-- Questions to support and their answers. Texts and attachments are artifacts of the person who asked.

CREATE TABLE tickets (
    id         uuid PRIMARY KEY,
    subject    uuid NOT NULL REFERENCES subjects,
    state      text NOT NULL CHECK (state IN ('open', 'answered', 'closed')),
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX tickets_by_subject ON tickets (subject, id);
CREATE INDEX tickets_open ON tickets (id) WHERE state = 'open';

CREATE TABLE ticket_messages (
    message     uuid PRIMARY KEY,
    ticket      uuid NOT NULL REFERENCES tickets ON DELETE CASCADE,
    subject     uuid NOT NULL,
    author      text NOT NULL CHECK (author IN ('client', 'support')),
    attachments uuid[] NOT NULL,
    at          timestamptz NOT NULL
);
CREATE INDEX ticket_messages_by_ticket ON ticket_messages (ticket, at);

INSERT INTO transitions VALUES
    ('tickets', 'open', 'answered'),
    ('tickets', 'open', 'closed'),
    ('tickets', 'answered', 'open'),
    ('tickets', 'answered', 'closed'),
    ('tickets', 'closed', 'open');
CREATE TRIGGER legal_transition AFTER UPDATE ON tickets REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_illegal_transition();

CREATE FUNCTION tell_of_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell(ARRAY[NEW.subject], 'ticket.answered', NEW.ticket, jsonb_build_object(
        'ticket', public_id('tkt', NEW.ticket), 'message', public_id('art', NEW.message)));
    RETURN NULL;
END $$;
CREATE TRIGGER told_when_made AFTER INSERT ON ticket_messages FOR EACH ROW
    WHEN (NEW.author = 'support') EXECUTE FUNCTION tell_of_answer();
