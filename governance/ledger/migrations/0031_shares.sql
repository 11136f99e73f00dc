-- A person's consent that somebody else makes pictures of both with their model (P5.2).
CREATE TABLE shares (
    id           uuid PRIMARY KEY,
    model        uuid NOT NULL,
    giver        uuid NOT NULL,
    receiver     uuid NOT NULL,
    given_at     timestamptz NOT NULL,
    withdrawn_at timestamptz,
    CHECK (giver <> receiver)
);
CREATE UNIQUE INDEX shares_in_force ON shares (model, receiver) WHERE withdrawn_at IS NULL;
CREATE INDEX shares_by_giver ON shares (giver, id);
CREATE INDEX shares_by_receiver ON shares (receiver, id);
