-- Credits and payments: a journal that is only added to. A wallet's `subject` goes when its person is erased; what is
-- left is a pseudonym that stays until `keep_until` (bookkeeping) and then goes too.

CREATE TABLE money_wallets (
    id         uuid PRIMARY KEY,
    subject    uuid UNIQUE REFERENCES subjects,
    customer   text UNIQUE,
    available  bigint NOT NULL DEFAULT 0 CHECK (available >= 0),
    held       bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    created_at timestamptz NOT NULL,
    keep_until timestamptz,
    purged_at  timestamptz,
    CHECK (subject IS NOT NULL OR keep_until IS NOT NULL),
    CHECK (subject IS NOT NULL OR customer IS NULL),
    CHECK (purged_at IS NULL OR purged_at >= keep_until)
);
CREATE INDEX money_wallets_kept ON money_wallets (keep_until) WHERE subject IS NULL;

CREATE TABLE money_entries (
    id        uuid PRIMARY KEY,
    wallet    uuid NOT NULL REFERENCES money_wallets,
    kind      text NOT NULL CHECK (kind IN ('grant', 'purchase', 'hold', 'capture', 'release', 'refund', 'lapse')),
    reference text NOT NULL CHECK (length(reference) <= 64),
    at        timestamptz NOT NULL,
    UNIQUE (kind, reference)
);
CREATE INDEX money_entries_by_wallet ON money_entries (wallet, id);

CREATE TABLE money_postings (
    entry  uuid NOT NULL REFERENCES money_entries,
    book   text NOT NULL CHECK (book IN
        ('available', 'held', 'granted', 'sold', 'spent', 'lapsed', 'uncovered', 'cash', 'sales')),
    unit   text NOT NULL CHECK (unit ~ '^(credit|[a-z]{3})$'),
    amount bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry, book, unit)
);

CREATE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM money_postings WHERE entry = NEW.entry GROUP BY unit HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'the postings of entry % do not add up to zero', NEW.entry
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON money_postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced_entry();

-- Lines are never changed, and go only with a wallet whose time is over.
CREATE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF TG_TABLE_NAME = 'money_entries' THEN
            owner := OLD.wallet;
        ELSE
            SELECT wallet INTO owner FROM money_entries WHERE id = OLD.entry;
        END IF;
        IF EXISTS (SELECT FROM money_wallets WHERE id = owner AND purged_at IS NOT NULL) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the journal of money is only added to' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON money_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_journal_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON money_postings
    FOR EACH ROW EXECUTE FUNCTION refuse_journal_change();

-- Credits set aside for a training or for a run's pictures. `gone` counts pictures that were made and erased before
-- the hold was settled.
CREATE TABLE money_holds (
    id         uuid PRIMARY KEY,
    wallet     uuid NOT NULL REFERENCES money_wallets,
    job        uuid UNIQUE,
    run        uuid UNIQUE,
    each       bigint NOT NULL CHECK (each > 0),
    count      integer NOT NULL CHECK (count > 0),
    gone       integer NOT NULL DEFAULT 0 CHECK (gone >= 0),
    captured   bigint CHECK (captured BETWEEN 0 AND each * count),
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    CHECK ((settled_at IS NULL) = (captured IS NULL)),
    CHECK (settled_at IS NOT NULL OR num_nonnulls(job, run) = 1)
);
CREATE INDEX money_holds_open ON money_holds (created_at) WHERE settled_at IS NULL;
CREATE INDEX money_holds_by_wallet ON money_holds (wallet);
CREATE INDEX artifacts_pictures_by_run ON artifacts (run) WHERE kind = 'image' AND run IS NOT NULL;

CREATE SEQUENCE money_receipts;

CREATE TABLE money_orders (
    id         uuid PRIMARY KEY,
    wallet     uuid NOT NULL REFERENCES money_wallets,
    pack       text NOT NULL,
    credits    bigint NOT NULL CHECK (credits > 0),
    amount     bigint NOT NULL CHECK (amount > 0),
    currency   text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    state      text NOT NULL CHECK (state IN ('created', 'paid', 'refunded', 'canceled')),
    payment    text UNIQUE,
    paid       bigint NOT NULL DEFAULT 0 CHECK (paid >= 0),
    refunded   bigint NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND paid),
    receipt    bigint UNIQUE,
    key        text,
    created_at timestamptz NOT NULL,
    paid_at    timestamptz,
    CHECK ((state IN ('paid', 'refunded')) = (paid_at IS NOT NULL)),
    CHECK ((paid_at IS NULL) = (receipt IS NULL))
);
CREATE INDEX money_orders_by_wallet ON money_orders (wallet, id);
CREATE UNIQUE INDEX money_orders_once ON money_orders (wallet, key) WHERE key IS NOT NULL;

-- The processor's events that were dealt with, by their ids alone.
CREATE TABLE money_events (
    id text PRIMARY KEY,
    at timestamptz NOT NULL
);
CREATE INDEX money_events_by_age ON money_events (at);
