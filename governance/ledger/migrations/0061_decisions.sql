-- What people and officers decided, on its way into the journal outside the database, so that a restored backup can be
-- told what it does not know. A row goes when it stands in the journal.

CREATE TABLE decisions (
    id    uuid PRIMARY KEY,
    what  text NOT NULL,
    about uuid NOT NULL,
    at    timestamptz NOT NULL,
    words jsonb NOT NULL
);
