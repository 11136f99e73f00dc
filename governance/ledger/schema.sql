CREATE FUNCTION public.append_leaves(added bytea[]) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    first  bigint;
    place  bigint;
    roots  bytea[];
    top    integer;
    node   bytea;
    height integer;
BEGIN
    SELECT h.size, h.peaks INTO STRICT first, roots FROM audit_head h FOR UPDATE;
    INSERT INTO audit_leaves (index, data, hash)
    SELECT first + n - 1, data, sha256('\x00'::bytea || data) FROM unnest(added) WITH ORDINALITY AS a (data, n);
    place := first;
    top := cardinality(roots);
    FOR node IN SELECT sha256('\x00'::bytea || data) FROM unnest(added) WITH ORDINALITY AS a (data, n) ORDER BY n LOOP
        height := 0;
        -- As in a binary counter: every trailing one bit of the size is a peak that the new leaf completes.
        WHILE (place >> height) & 1 = 1 LOOP
            node := sha256('\x01'::bytea || roots[top] || node);
            top := top - 1;
            height := height + 1;
            IF height % 8 = 0 THEN
                INSERT INTO audit_nodes (level, index, hash) VALUES (height / 8, place >> height, node);
            END IF;
        END LOOP;
        top := top + 1;
        roots[top] := node;
        place := place + 1;
    END LOOP;
    UPDATE audit_head SET size = place, peaks = roots[1:top];
    RETURN first;
END $$;
CREATE FUNCTION public.public_id(prefix text, id uuid) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT prefix || '_' || replace(id::text, '-', '')
$$;
CREATE FUNCTION public.refuse_illegal_transition() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.refuse_journal_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.refuse_unbalanced_entry() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM money_postings WHERE entry = NEW.entry GROUP BY unit HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'the postings of entry % do not add up to zero', NEW.entry
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.tell(people uuid[], type text, about uuid, data jsonb) RETURNS void
    LANGUAGE sql
    AS $_$
    INSERT INTO events (subject, type, about, data)
    SELECT s.id, $2, $3, jsonb_strip_nulls($4) FROM subjects s WHERE s.id = ANY ($1) AND s.state IN ('active', 'frozen')
        AND current_setting('pixreunion.silent', true) IS DISTINCT FROM 'on'
$_$;
CREATE FUNCTION public.tell_of_answer() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM tell(ARRAY[NEW.subject], 'ticket.answered', NEW.ticket, jsonb_build_object(
        'ticket', public_id('tkt', NEW.ticket), 'message', public_id('art', NEW.message)));
    RETURN NULL;
END $$;
CREATE FUNCTION public.tell_of_artifact() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM tell(NEW.subjects, CASE NEW.state WHEN 'live' THEN 'picture.created' ELSE 'artifact.erased' END, NEW.id,
        jsonb_build_object('artifact', public_id('art', NEW.id), 'kind', NEW.kind, 'run', public_id('run', NEW.run),
                           'deadline', NEW.deadline));
    RETURN NULL;
END $$;
CREATE FUNCTION public.tell_of_erasure() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM tell(ARRAY[NEW.owner], CASE NEW.state WHEN 'completed' THEN 'request.answered' ELSE 'request.received' END,
        NEW.id, jsonb_build_object('request', public_id('req', NEW.id), 'right', 'erasure', 'state', NEW.state));
    RETURN NULL;
END $$;
CREATE FUNCTION public.tell_of_job() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.tell_of_order() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM tell(ARRAY[w.subject], 'order.' || NEW.state, NEW.id, jsonb_build_object(
        'order', public_id('ord', NEW.id), 'state', NEW.state, 'credits', NEW.credits))
    FROM money_wallets w WHERE w.id = NEW.wallet;
    RETURN NULL;
END $$;
CREATE FUNCTION public.tell_of_right() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM tell(ARRAY[NEW.subject], 'request.' || NEW.state, NEW.id, jsonb_build_object(
        'request', public_id('req', NEW.id), 'right', NEW.kind, 'state', NEW.state, 'outcome', NEW.outcome,
        'artifact', public_id('art', NEW.result)));
    RETURN NULL;
END $$;
CREATE TABLE public.accounts (
    subject uuid NOT NULL,
    email_hash bytea NOT NULL,
    password_hash text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    role text DEFAULT 'client'::text NOT NULL,
    confirmed_at timestamp with time zone,
    CONSTRAINT accounts_email_hash_check CHECK ((octet_length(email_hash) = 32)),
    CONSTRAINT accounts_role_check CHECK ((role = ANY (ARRAY['client'::text, 'support'::text, 'ml-ops'::text, 'cluster-admin'::text, 'dpo'::text])))
);
CREATE TABLE public.alarms (
    about uuid NOT NULL,
    stage text NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    CONSTRAINT alarms_stage_check CHECK ((stage = ANY (ARRAY['soon'::text, 'overdue'::text])))
);
CREATE TABLE public.announcements (
    version text NOT NULL,
    kind text NOT NULL,
    digest bytea NOT NULL,
    announced_at timestamp with time zone NOT NULL,
    in_force_at timestamp with time zone,
    first boolean DEFAULT false NOT NULL,
    CONSTRAINT announcements_check CHECK ((first OR (in_force_at >= (announced_at + '14 days'::interval)))),
    CONSTRAINT announcements_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT announcements_kind_check CHECK ((kind = ANY (ARRAY['policy'::text, 'transfer'::text]))),
    CONSTRAINT announcements_version_check CHECK ((length(version) <= 40))
);
CREATE TABLE public.artifact_subjects (
    subject uuid NOT NULL,
    artifact uuid NOT NULL
);
CREATE TABLE public.artifacts (
    id uuid NOT NULL,
    kind text NOT NULL,
    purpose text NOT NULL,
    state text NOT NULL,
    subjects uuid[] NOT NULL,
    parents uuid[] NOT NULL,
    run uuid,
    writer uuid,
    sealed_key bytea,
    key_epoch integer,
    version_id text,
    size bigint,
    sha256 bytea,
    created_at timestamp with time zone NOT NULL,
    deadline timestamp with time zone,
    erased_at timestamp with time zone,
    CONSTRAINT artifacts_check CHECK (((state = ANY (ARRAY['erasing'::text, 'erased'::text])) = (sealed_key IS NULL))),
    CONSTRAINT artifacts_check1 CHECK (((state <> ALL (ARRAY['live'::text, 'held'::text])) OR ((version_id IS NOT NULL) AND (sha256 IS NOT NULL)))),
    CONSTRAINT artifacts_check2 CHECK (((state = 'erased'::text) = (erased_at IS NOT NULL))),
    CONSTRAINT artifacts_check3 CHECK (((state <> 'erased'::text) OR ((version_id IS NULL) AND (sha256 IS NULL) AND (size IS NULL) AND (run IS NULL)))),
    CONSTRAINT artifacts_state_check CHECK ((state = ANY (ARRAY['registered'::text, 'live'::text, 'held'::text, 'erasing'::text, 'erased'::text]))),
    CONSTRAINT artifacts_subjects_check CHECK ((cardinality(subjects) > 0))
);
CREATE TABLE public.audit_checkpoints (
    size bigint NOT NULL,
    document text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.audit_head (
    single boolean DEFAULT true NOT NULL,
    size bigint NOT NULL,
    peaks bytea[] NOT NULL,
    CONSTRAINT audit_head_single_check CHECK (single)
);
CREATE TABLE public.audit_leaves (
    index bigint NOT NULL,
    data bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE public.audit_nodes (
    level integer NOT NULL,
    index bigint NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE public.breaches (
    id uuid NOT NULL,
    reference text NOT NULL,
    nature text[] NOT NULL,
    kinds text[] NOT NULL,
    people integer NOT NULL,
    risk text NOT NULL,
    state text NOT NULL,
    found_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    notified_at timestamp with time zone,
    late_reason text,
    people_told_at timestamp with time zone,
    closed_at timestamp with time zone,
    CONSTRAINT breaches_check CHECK (((state = 'closed'::text) = (closed_at IS NOT NULL))),
    CONSTRAINT breaches_check1 CHECK (((state <> 'notified'::text) OR (notified_at IS NOT NULL))),
    CONSTRAINT breaches_late_reason_check CHECK ((length(late_reason) <= 48)),
    CONSTRAINT breaches_nature_check CHECK ((cardinality(nature) > 0)),
    CONSTRAINT breaches_people_check CHECK ((people >= 0)),
    CONSTRAINT breaches_reference_check CHECK ((length(reference) <= 48)),
    CONSTRAINT breaches_risk_check CHECK ((risk = ANY (ARRAY['unlikely'::text, 'risk'::text, 'high'::text]))),
    CONSTRAINT breaches_state_check CHECK ((state = ANY (ARRAY['open'::text, 'notified'::text, 'closed'::text])))
);
CREATE TABLE public.codes (
    id uuid NOT NULL,
    subject uuid NOT NULL,
    kind text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT codes_kind_check CHECK ((kind = ANY (ARRAY['confirmation'::text, 'reset'::text])))
);
CREATE TABLE public.consents (
    id uuid NOT NULL,
    subject uuid NOT NULL,
    purpose text NOT NULL,
    policy_version text NOT NULL,
    given_at timestamp with time zone NOT NULL,
    withdrawn_at timestamp with time zone
);
CREATE TABLE public.decisions (
    id uuid NOT NULL,
    what text NOT NULL,
    about uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    words jsonb NOT NULL
);
CREATE TABLE public.disclosures (
    id uuid NOT NULL,
    subject uuid NOT NULL,
    recipient text NOT NULL,
    basis text NOT NULL,
    reference text NOT NULL,
    kinds text[] NOT NULL,
    disclosed_at timestamp with time zone NOT NULL,
    CONSTRAINT disclosures_basis_check CHECK ((length(basis) <= 48)),
    CONSTRAINT disclosures_kinds_check CHECK ((cardinality(kinds) > 0)),
    CONSTRAINT disclosures_recipient_check CHECK ((length(recipient) <= 48)),
    CONSTRAINT disclosures_reference_check CHECK ((length(reference) <= 48))
);
CREATE TABLE public.epochs (
    number integer NOT NULL,
    state text NOT NULL,
    sealed_secret bytea,
    created_at timestamp with time zone NOT NULL,
    destroyed_at timestamp with time zone,
    CONSTRAINT epochs_check CHECK (((state = 'destroyed'::text) = (sealed_secret IS NULL))),
    CONSTRAINT epochs_check1 CHECK (((state = 'destroyed'::text) = (destroyed_at IS NOT NULL))),
    CONSTRAINT epochs_state_check CHECK ((state = ANY (ARRAY['active'::text, 'retiring'::text, 'destroyed'::text])))
);
CREATE TABLE public.event_head (
    single boolean DEFAULT true NOT NULL,
    number bigint NOT NULL,
    CONSTRAINT event_head_single_check CHECK (single)
);
CREATE TABLE public.events (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    written bigint NOT NULL,
    number bigint,
    subject uuid NOT NULL,
    type text NOT NULL,
    about uuid NOT NULL,
    data jsonb NOT NULL,
    at timestamp with time zone,
    CONSTRAINT events_check CHECK (((number IS NULL) = (at IS NULL))),
    CONSTRAINT events_type_check CHECK ((type ~ '^[a-z]+\.[a-z_]+$'::text))
);
ALTER TABLE public.events ALTER COLUMN written ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.events_written_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.holders (
    id uuid NOT NULL,
    kind text NOT NULL,
    region text NOT NULL,
    sealed_session bytea NOT NULL,
    key_epoch integer NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.holdings (
    holder uuid NOT NULL,
    artifact uuid NOT NULL,
    purpose text NOT NULL,
    lease uuid NOT NULL,
    granted_at timestamp with time zone NOT NULL
);
CREATE TABLE public.holds (
    id uuid NOT NULL,
    artifact uuid NOT NULL,
    basis text NOT NULL,
    until timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT holds_basis_check CHECK ((length(basis) <= 48))
);
CREATE TABLE public.idempotency (
    owner uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    response_ref text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.jobs (
    id uuid NOT NULL,
    owner uuid NOT NULL,
    inputs uuid[] NOT NULL,
    preset text NOT NULL,
    params jsonb NOT NULL,
    region text NOT NULL,
    priority integer NOT NULL,
    gpu_seconds double precision NOT NULL,
    memory_mb integer NOT NULL,
    idempotency_key text,
    state text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    worker text,
    heartbeat_at timestamp with time zone,
    cancel_asked_at timestamp with time zone,
    progress double precision DEFAULT 0 NOT NULL,
    used_gpu_seconds double precision DEFAULT 0 NOT NULL,
    run uuid,
    result uuid,
    code text,
    created_at timestamp with time zone NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    step integer DEFAULT 0 NOT NULL,
    steps integer,
    seconds_left double precision,
    curve jsonb DEFAULT '[]'::jsonb NOT NULL,
    place integer,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    waits_for text,
    preempted integer DEFAULT 0 NOT NULL,
    requeued_at timestamp with time zone,
    CONSTRAINT jobs_check CHECK (((state = ANY (ARRAY['starting'::text, 'processing'::text])) = (worker IS NOT NULL))),
    CONSTRAINT jobs_check1 CHECK (((state = ANY (ARRAY['starting'::text, 'processing'::text])) = (heartbeat_at IS NOT NULL))),
    CONSTRAINT jobs_check2 CHECK (((state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'canceled'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT jobs_check3 CHECK (((state <> 'succeeded'::text) OR (result IS NOT NULL))),
    CONSTRAINT jobs_check4 CHECK (((state <> 'failed'::text) OR (code IS NOT NULL))),
    CONSTRAINT jobs_gpu_seconds_check CHECK ((gpu_seconds >= (0)::double precision)),
    CONSTRAINT jobs_memory_mb_check CHECK ((memory_mb >= 0)),
    CONSTRAINT jobs_preempted_check CHECK ((preempted >= 0)),
    CONSTRAINT jobs_progress_check CHECK (((progress >= (0)::double precision) AND (progress <= (1)::double precision))),
    CONSTRAINT jobs_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'starting'::text, 'processing'::text, 'succeeded'::text, 'failed'::text, 'canceled'::text]))),
    CONSTRAINT jobs_step_check CHECK ((step >= 0)),
    CONSTRAINT jobs_steps_check CHECK ((steps > 0)),
    CONSTRAINT jobs_waits_for_check CHECK ((waits_for = ANY (ARRAY['turn'::text, 'quota'::text, 'region'::text, 'memory'::text])))
);
CREATE TABLE public.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    digest bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.money_entries (
    id uuid NOT NULL,
    wallet uuid NOT NULL,
    kind text NOT NULL,
    reference text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT money_entries_kind_check CHECK ((kind = ANY (ARRAY['grant'::text, 'purchase'::text, 'hold'::text, 'capture'::text, 'release'::text, 'refund'::text, 'lapse'::text]))),
    CONSTRAINT money_entries_reference_check CHECK ((length(reference) <= 64))
);
CREATE TABLE public.money_events (
    id text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.money_holds (
    id uuid NOT NULL,
    wallet uuid NOT NULL,
    job uuid,
    run uuid,
    each bigint NOT NULL,
    count integer NOT NULL,
    gone integer DEFAULT 0 NOT NULL,
    captured bigint,
    created_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    CONSTRAINT money_holds_check CHECK (((captured >= 0) AND (captured <= (each * count)))),
    CONSTRAINT money_holds_check1 CHECK (((settled_at IS NULL) = (captured IS NULL))),
    CONSTRAINT money_holds_check2 CHECK (((settled_at IS NOT NULL) OR (num_nonnulls(job, run) = 1))),
    CONSTRAINT money_holds_count_check CHECK ((count > 0)),
    CONSTRAINT money_holds_each_check CHECK ((each > 0)),
    CONSTRAINT money_holds_gone_check CHECK ((gone >= 0))
);
CREATE TABLE public.money_orders (
    id uuid NOT NULL,
    wallet uuid NOT NULL,
    pack text NOT NULL,
    credits bigint NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    state text NOT NULL,
    payment text,
    paid bigint DEFAULT 0 NOT NULL,
    refunded bigint DEFAULT 0 NOT NULL,
    receipt bigint,
    key text,
    created_at timestamp with time zone NOT NULL,
    paid_at timestamp with time zone,
    CONSTRAINT money_orders_amount_check CHECK ((amount > 0)),
    CONSTRAINT money_orders_check CHECK (((refunded >= 0) AND (refunded <= paid))),
    CONSTRAINT money_orders_check1 CHECK (((state = ANY (ARRAY['paid'::text, 'refunded'::text])) = (paid_at IS NOT NULL))),
    CONSTRAINT money_orders_check2 CHECK (((paid_at IS NULL) = (receipt IS NULL))),
    CONSTRAINT money_orders_credits_check CHECK ((credits > 0)),
    CONSTRAINT money_orders_currency_check CHECK ((currency ~ '^[a-z]{3}$'::text)),
    CONSTRAINT money_orders_paid_check CHECK ((paid >= 0)),
    CONSTRAINT money_orders_state_check CHECK ((state = ANY (ARRAY['created'::text, 'paid'::text, 'refunded'::text, 'canceled'::text])))
);
CREATE TABLE public.money_postings (
    entry uuid NOT NULL,
    book text NOT NULL,
    unit text NOT NULL,
    amount bigint NOT NULL,
    CONSTRAINT money_postings_amount_check CHECK ((amount <> 0)),
    CONSTRAINT money_postings_book_check CHECK ((book = ANY (ARRAY['available'::text, 'held'::text, 'granted'::text, 'sold'::text, 'spent'::text, 'lapsed'::text, 'uncovered'::text, 'cash'::text, 'sales'::text]))),
    CONSTRAINT money_postings_unit_check CHECK ((unit ~ '^(credit|[a-z]{3})$'::text))
);
CREATE SEQUENCE public.money_receipts
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.money_wallets (
    id uuid NOT NULL,
    subject uuid,
    customer text,
    available bigint DEFAULT 0 NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    keep_until timestamp with time zone,
    purged_at timestamp with time zone,
    CONSTRAINT money_wallets_available_check CHECK ((available >= 0)),
    CONSTRAINT money_wallets_check CHECK (((subject IS NOT NULL) OR (keep_until IS NOT NULL))),
    CONSTRAINT money_wallets_check1 CHECK (((subject IS NOT NULL) OR (customer IS NULL))),
    CONSTRAINT money_wallets_check2 CHECK (((purged_at IS NULL) OR (purged_at >= keep_until))),
    CONSTRAINT money_wallets_held_check CHECK ((held >= 0))
);
CREATE TABLE public.notices (
    id uuid NOT NULL,
    subject uuid NOT NULL,
    template text NOT NULL,
    facts jsonb NOT NULL,
    about text NOT NULL,
    state text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone NOT NULL,
    leased_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT notices_about_check CHECK ((length(about) <= 100)),
    CONSTRAINT notices_check CHECK (((state = 'queued'::text) = (ended_at IS NULL))),
    CONSTRAINT notices_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'sent'::text, 'dropped'::text])))
);
CREATE TABLE public.outside_numbers (
    number uuid NOT NULL,
    request uuid NOT NULL,
    received_at timestamp with time zone NOT NULL
);
CREATE TABLE public.parents (
    parent uuid NOT NULL,
    child uuid NOT NULL
);
CREATE TABLE public.processor_answers (
    request uuid NOT NULL,
    processor text NOT NULL,
    answer text NOT NULL,
    told_at timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    CONSTRAINT processor_answers_answer_check CHECK ((answer = ANY (ARRAY['erased'::text, 'nothing-held'::text, 'retained-by-law'::text, 'pending'::text, 'refused'::text, 'unreachable'::text])))
);
CREATE TABLE public.processors (
    name text NOT NULL,
    region text NOT NULL,
    purpose text NOT NULL,
    fields text[] NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.request_artifacts (
    request uuid NOT NULL,
    artifact uuid NOT NULL,
    kind text NOT NULL
);
CREATE TABLE public.requests (
    id uuid NOT NULL,
    kind text NOT NULL,
    asked_by text NOT NULL,
    owner uuid NOT NULL,
    subject uuid,
    artifact uuid,
    state text NOT NULL,
    counts jsonb NOT NULL,
    held jsonb NOT NULL,
    residue jsonb,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    completed_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    next_at timestamp with time zone NOT NULL,
    leased_until timestamp with time zone,
    leaves bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    certificate text,
    journaled_at timestamp with time zone,
    CONSTRAINT requests_check CHECK (((subject IS NULL) OR (artifact IS NULL))),
    CONSTRAINT requests_check1 CHECK (((state = 'completed'::text) = (completed_at IS NOT NULL))),
    CONSTRAINT requests_check2 CHECK (((state <> 'completed'::text) OR (certificate IS NOT NULL))),
    CONSTRAINT requests_kind_check CHECK ((kind = ANY (ARRAY['erasure'::text, 'expiry'::text]))),
    CONSTRAINT requests_state_check CHECK ((state = ANY (ARRAY['fenced'::text, 'dropped'::text, 'deleted'::text, 'scrubbed'::text, 'notified'::text, 'scanned'::text, 'completed'::text])))
);
CREATE TABLE public.rights_requests (
    id uuid NOT NULL,
    kind text NOT NULL,
    subject uuid NOT NULL,
    channel text NOT NULL,
    purpose text,
    artifact uuid,
    message uuid,
    state text NOT NULL,
    outcome text,
    answer uuid,
    result uuid,
    created_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    warn_at timestamp with time zone NOT NULL,
    extended boolean DEFAULT false NOT NULL,
    answered_at timestamp with time zone,
    leased_until timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    CONSTRAINT rights_requests_channel_check CHECK ((channel = ANY (ARRAY['account'::text, 'opendsr'::text, 'officer'::text]))),
    CONSTRAINT rights_requests_check CHECK (((kind = 'objection'::text) = (purpose IS NOT NULL))),
    CONSTRAINT rights_requests_check1 CHECK (((state = ANY (ARRAY['answered'::text, 'refused'::text, 'withdrawn'::text])) = (answered_at IS NOT NULL))),
    CONSTRAINT rights_requests_check2 CHECK (((state <> ALL (ARRAY['answered'::text, 'refused'::text])) OR (outcome IS NOT NULL))),
    CONSTRAINT rights_requests_check3 CHECK ((warn_at < due_at)),
    CONSTRAINT rights_requests_kind_check CHECK ((kind = ANY (ARRAY['access'::text, 'portability'::text, 'rectification'::text, 'restriction'::text, 'objection'::text]))),
    CONSTRAINT rights_requests_outcome_check CHECK ((length(outcome) <= 48)),
    CONSTRAINT rights_requests_state_check CHECK ((state = ANY (ARRAY['received'::text, 'working'::text, 'answered'::text, 'refused'::text, 'withdrawn'::text])))
);
CREATE TABLE public.runs (
    id uuid NOT NULL,
    purpose text NOT NULL,
    basis text NOT NULL,
    subjects uuid[] NOT NULL,
    inputs uuid[] NOT NULL,
    state text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT runs_check CHECK (((state = 'running'::text) = (finished_at IS NULL))),
    CONSTRAINT runs_state_check CHECK ((state = ANY (ARRAY['running'::text, 'succeeded'::text, 'failed'::text, 'canceled'::text])))
);
CREATE TABLE public.service_keys (
    name text NOT NULL,
    sealed bytea NOT NULL,
    key_epoch integer NOT NULL
);
CREATE TABLE public.shares (
    id uuid NOT NULL,
    model uuid NOT NULL,
    giver uuid NOT NULL,
    receiver uuid NOT NULL,
    given_at timestamp with time zone NOT NULL,
    withdrawn_at timestamp with time zone,
    CONSTRAINT shares_check CHECK ((giver <> receiver))
);
CREATE TABLE public.sign_in_attempts (
    email_hash bytea NOT NULL,
    count integer NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT sign_in_attempts_count_check CHECK ((count > 0)),
    CONSTRAINT sign_in_attempts_email_hash_check CHECK ((octet_length(email_hash) = 32))
);
CREATE TABLE public.subjects (
    id uuid NOT NULL,
    region text NOT NULL,
    state text NOT NULL,
    sealed_key bytea,
    key_epoch integer,
    created_at timestamp with time zone NOT NULL,
    erased_at timestamp with time zone,
    objections text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT subjects_check CHECK (((state = ANY (ARRAY['erasing'::text, 'erased'::text])) = (sealed_key IS NULL))),
    CONSTRAINT subjects_check1 CHECK (((state = 'erased'::text) = (erased_at IS NOT NULL))),
    CONSTRAINT subjects_state_check CHECK ((state = ANY (ARRAY['active'::text, 'frozen'::text, 'erasing'::text, 'erased'::text])))
);
CREATE TABLE public.takedowns (
    request uuid NOT NULL,
    reason text NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    CONSTRAINT takedowns_reason_check CHECK ((length(reason) <= 48))
);
CREATE TABLE public.ticket_messages (
    message uuid NOT NULL,
    ticket uuid NOT NULL,
    subject uuid NOT NULL,
    author text NOT NULL,
    attachments uuid[] NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT ticket_messages_author_check CHECK ((author = ANY (ARRAY['client'::text, 'support'::text])))
);
CREATE TABLE public.tickets (
    id uuid NOT NULL,
    subject uuid NOT NULL,
    state text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT tickets_state_check CHECK ((state = ANY (ARRAY['open'::text, 'answered'::text, 'closed'::text])))
);
CREATE TABLE public.tokens (
    id uuid NOT NULL,
    subject uuid NOT NULL,
    token_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    session uuid,
    used_at timestamp with time zone,
    CONSTRAINT tokens_token_hash_check CHECK ((octet_length(token_hash) = 32))
);
CREATE TABLE public.transfers (
    id uuid NOT NULL,
    processor text NOT NULL,
    subject uuid NOT NULL,
    artifact uuid,
    fields text[] NOT NULL,
    sent_at timestamp with time zone NOT NULL
);
CREATE TABLE public.transitions (
    machine text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL
);
CREATE TABLE public.usage_counted (
    day date NOT NULL
);
CREATE TABLE public.usage_days (
    day date NOT NULL,
    region text NOT NULL,
    what text NOT NULL,
    people bigint,
    amount bigint,
    CONSTRAINT usage_days_check CHECK ((amount >= people)),
    CONSTRAINT usage_days_check1 CHECK (((people IS NULL) = (amount IS NULL))),
    CONSTRAINT usage_days_people_check CHECK ((people > 0)),
    CONSTRAINT usage_days_what_check CHECK ((what = ANY (ARRAY['accounts'::text, 'photos'::text, 'trainings'::text, 'pictures'::text])))
);
CREATE TABLE public.webhook_deliveries (
    webhook uuid NOT NULL,
    event uuid NOT NULL,
    state text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    status integer,
    next_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT webhook_deliveries_attempts_check CHECK ((attempts >= 0)),
    CONSTRAINT webhook_deliveries_check CHECK (((state = 'pending'::text) = (ended_at IS NULL))),
    CONSTRAINT webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])))
);
CREATE TABLE public.webhooks (
    id uuid NOT NULL,
    subject uuid NOT NULL,
    address uuid NOT NULL,
    types text[] NOT NULL,
    generation integer DEFAULT 1 NOT NULL,
    rotated_at timestamp with time zone,
    enabled boolean DEFAULT true NOT NULL,
    code text,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT webhooks_check CHECK (((NOT enabled) OR (code IS NULL))),
    CONSTRAINT webhooks_code_check CHECK ((length(code) <= 48)),
    CONSTRAINT webhooks_generation_check CHECK ((generation > 0))
);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_email_hash_key UNIQUE (email_hash);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (subject);
ALTER TABLE ONLY public.alarms
    ADD CONSTRAINT alarms_pkey PRIMARY KEY (about, stage);
ALTER TABLE ONLY public.announcements
    ADD CONSTRAINT announcements_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.artifact_subjects
    ADD CONSTRAINT artifact_subjects_pkey PRIMARY KEY (subject, artifact);
ALTER TABLE ONLY public.artifacts
    ADD CONSTRAINT artifacts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_checkpoints
    ADD CONSTRAINT audit_checkpoints_pkey PRIMARY KEY (size);
ALTER TABLE ONLY public.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (single);
ALTER TABLE ONLY public.audit_leaves
    ADD CONSTRAINT audit_leaves_pkey PRIMARY KEY (index);
ALTER TABLE ONLY public.audit_nodes
    ADD CONSTRAINT audit_nodes_pkey PRIMARY KEY (level, index);
ALTER TABLE ONLY public.breaches
    ADD CONSTRAINT breaches_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.codes
    ADD CONSTRAINT codes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT decisions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.disclosures
    ADD CONSTRAINT disclosures_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.epochs
    ADD CONSTRAINT epochs_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.event_head
    ADD CONSTRAINT event_head_pkey PRIMARY KEY (single);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_number_key UNIQUE (number);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.holders
    ADD CONSTRAINT holders_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.holdings
    ADD CONSTRAINT holdings_pkey PRIMARY KEY (holder, artifact, purpose);
ALTER TABLE ONLY public.holds
    ADD CONSTRAINT holds_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (owner, key);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.money_entries
    ADD CONSTRAINT money_entries_kind_reference_key UNIQUE (kind, reference);
ALTER TABLE ONLY public.money_entries
    ADD CONSTRAINT money_entries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.money_events
    ADD CONSTRAINT money_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.money_holds
    ADD CONSTRAINT money_holds_job_key UNIQUE (job);
ALTER TABLE ONLY public.money_holds
    ADD CONSTRAINT money_holds_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.money_holds
    ADD CONSTRAINT money_holds_run_key UNIQUE (run);
ALTER TABLE ONLY public.money_orders
    ADD CONSTRAINT money_orders_payment_key UNIQUE (payment);
ALTER TABLE ONLY public.money_orders
    ADD CONSTRAINT money_orders_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.money_orders
    ADD CONSTRAINT money_orders_receipt_key UNIQUE (receipt);
ALTER TABLE ONLY public.money_postings
    ADD CONSTRAINT money_postings_pkey PRIMARY KEY (entry, book, unit);
ALTER TABLE ONLY public.money_wallets
    ADD CONSTRAINT money_wallets_customer_key UNIQUE (customer);
ALTER TABLE ONLY public.money_wallets
    ADD CONSTRAINT money_wallets_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.money_wallets
    ADD CONSTRAINT money_wallets_subject_key UNIQUE (subject);
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_subject_template_about_key UNIQUE (subject, template, about);
ALTER TABLE ONLY public.outside_numbers
    ADD CONSTRAINT outside_numbers_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.parents
    ADD CONSTRAINT parents_pkey PRIMARY KEY (parent, child);
ALTER TABLE ONLY public.processor_answers
    ADD CONSTRAINT processor_answers_pkey PRIMARY KEY (request, processor);
ALTER TABLE ONLY public.processors
    ADD CONSTRAINT processors_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.request_artifacts
    ADD CONSTRAINT request_artifacts_pkey PRIMARY KEY (request, artifact);
ALTER TABLE public.requests
    ADD CONSTRAINT requests_journaled CHECK (((state = 'fenced'::text) OR (journaled_at IS NOT NULL))) NOT VALID;
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_requests
    ADD CONSTRAINT rights_requests_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.service_keys
    ADD CONSTRAINT service_keys_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.shares
    ADD CONSTRAINT shares_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sign_in_attempts
    ADD CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (email_hash);
ALTER TABLE ONLY public.subjects
    ADD CONSTRAINT subjects_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.takedowns
    ADD CONSTRAINT takedowns_pkey PRIMARY KEY (request);
ALTER TABLE ONLY public.ticket_messages
    ADD CONSTRAINT ticket_messages_pkey PRIMARY KEY (message);
ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_token_hash_key UNIQUE (token_hash);
ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT transfers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.transitions
    ADD CONSTRAINT transitions_pkey PRIMARY KEY (machine, from_state, to_state);
ALTER TABLE ONLY public.usage_counted
    ADD CONSTRAINT usage_counted_pkey PRIMARY KEY (day);
ALTER TABLE ONLY public.usage_days
    ADD CONSTRAINT usage_days_pkey PRIMARY KEY (day, region, what);
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (webhook, event);
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX announcements_one_first ON public.announcements USING btree (first) WHERE first;
CREATE INDEX artifacts_by_deadline ON public.artifacts USING btree (deadline) WHERE (state = ANY (ARRAY['registered'::text, 'live'::text]));
CREATE INDEX artifacts_by_epoch ON public.artifacts USING btree (key_epoch) WHERE (sealed_key IS NOT NULL);
CREATE INDEX artifacts_by_last_day ON public.artifacts USING btree (deadline) WHERE ((state = 'live'::text) AND (kind = ANY (ARRAY['adapter'::text, 'image'::text])));
CREATE INDEX artifacts_by_writer ON public.artifacts USING btree (writer) WHERE (writer IS NOT NULL);
CREATE INDEX artifacts_pictures_by_run ON public.artifacts USING btree (run) WHERE ((kind = 'image'::text) AND (run IS NOT NULL));
CREATE INDEX artifacts_unfinished ON public.artifacts USING btree (created_at) WHERE (state = 'registered'::text);
CREATE INDEX breaches_open ON public.breaches USING btree (due_at) WHERE ((notified_at IS NULL) AND (closed_at IS NULL));
CREATE INDEX codes_by_end ON public.codes USING btree (expires_at);
CREATE INDEX codes_by_subject ON public.codes USING btree (subject);
CREATE INDEX consents_by_subject ON public.consents USING btree (subject);
CREATE UNIQUE INDEX consents_one_live ON public.consents USING btree (subject, purpose) WHERE (withdrawn_at IS NULL);
CREATE INDEX disclosures_by_subject ON public.disclosures USING btree (subject);
CREATE UNIQUE INDEX epochs_one_active ON public.epochs USING btree (state) WHERE (state = 'active'::text);
CREATE INDEX events_by_age ON public.events USING btree (at);
CREATE INDEX events_by_subject ON public.events USING btree (subject, number);
CREATE INDEX events_unnumbered ON public.events USING btree (written) WHERE (number IS NULL);
CREATE UNIQUE INDEX events_warned_once ON public.events USING btree (subject, about) WHERE (type = 'artifact.will_expire'::text);
CREATE INDEX holdings_by_artifact ON public.holdings USING btree (artifact);
CREATE INDEX holds_standing ON public.holds USING btree (artifact) WHERE (ended_at IS NULL);
CREATE INDEX idempotency_by_age ON public.idempotency USING btree (created_at);
CREATE INDEX jobs_by_end ON public.jobs USING btree (finished_at) WHERE (state = ANY (ARRAY['succeeded'::text, 'failed'::text]));
CREATE INDEX jobs_by_owner ON public.jobs USING btree (owner, id);
CREATE UNIQUE INDEX jobs_once ON public.jobs USING btree (owner, idempotency_key) WHERE (idempotency_key IS NOT NULL);
CREATE INDEX jobs_queued ON public.jobs USING btree (priority DESC, queued_at) WHERE (state = 'queued'::text);
CREATE INDEX jobs_running ON public.jobs USING btree (heartbeat_at) WHERE (state = ANY (ARRAY['starting'::text, 'processing'::text]));
CREATE INDEX money_entries_by_wallet ON public.money_entries USING btree (wallet, id);
CREATE INDEX money_events_by_age ON public.money_events USING btree (at);
CREATE INDEX money_holds_by_wallet ON public.money_holds USING btree (wallet);
CREATE INDEX money_holds_open ON public.money_holds USING btree (created_at) WHERE (settled_at IS NULL);
CREATE INDEX money_orders_by_payment ON public.money_orders USING btree (paid_at) WHERE (paid_at IS NOT NULL);
CREATE INDEX money_orders_by_wallet ON public.money_orders USING btree (wallet, id);
CREATE UNIQUE INDEX money_orders_once ON public.money_orders USING btree (wallet, key) WHERE (key IS NOT NULL);
CREATE INDEX money_wallets_kept ON public.money_wallets USING btree (keep_until) WHERE (subject IS NULL);
CREATE INDEX notices_by_about ON public.notices USING btree (template, about);
CREATE INDEX notices_queued ON public.notices USING btree (next_at) WHERE (state = 'queued'::text);
CREATE INDEX request_artifacts_by_artifact ON public.request_artifacts USING btree (artifact);
CREATE INDEX requests_by_owner ON public.requests USING btree (owner);
CREATE UNIQUE INDEX requests_one_per_artifact ON public.requests USING btree (artifact) WHERE (artifact IS NOT NULL);
CREATE UNIQUE INDEX requests_one_per_subject ON public.requests USING btree (subject) WHERE (subject IS NOT NULL);
CREATE INDEX requests_open ON public.requests USING btree (next_at) WHERE (state <> 'completed'::text);
CREATE INDEX rights_requests_by_answer ON public.rights_requests USING btree (answered_at) WHERE (state = ANY (ARRAY['answered'::text, 'refused'::text]));
CREATE INDEX rights_requests_by_subject ON public.rights_requests USING btree (subject, id);
CREATE INDEX rights_requests_open ON public.rights_requests USING btree (warn_at) WHERE (state = ANY (ARRAY['received'::text, 'working'::text]));
CREATE INDEX runs_by_subject ON public.runs USING gin (subjects);
CREATE INDEX runs_running ON public.runs USING btree (started_at) WHERE (state = 'running'::text);
CREATE INDEX shares_by_giver ON public.shares USING btree (giver, id);
CREATE INDEX shares_by_receiver ON public.shares USING btree (receiver, id);
CREATE UNIQUE INDEX shares_in_force ON public.shares USING btree (model, receiver) WHERE (withdrawn_at IS NULL);
CREATE INDEX sign_in_attempts_by_time ON public.sign_in_attempts USING btree (since);
CREATE INDEX subjects_by_epoch ON public.subjects USING btree (key_epoch) WHERE (sealed_key IS NOT NULL);
CREATE INDEX ticket_messages_by_ticket ON public.ticket_messages USING btree (ticket, at);
CREATE INDEX tickets_by_subject ON public.tickets USING btree (subject, id);
CREATE INDEX tickets_open ON public.tickets USING btree (id) WHERE (state = 'open'::text);
CREATE INDEX tokens_by_end ON public.tokens USING btree (expires_at);
CREATE INDEX tokens_by_session ON public.tokens USING btree (session) WHERE (session IS NOT NULL);
CREATE INDEX tokens_by_subject ON public.tokens USING btree (subject);
CREATE INDEX transfers_by_subject ON public.transfers USING btree (subject);
CREATE INDEX webhook_deliveries_by_event ON public.webhook_deliveries USING btree (event);
CREATE INDEX webhook_deliveries_due ON public.webhook_deliveries USING btree (next_at) WHERE (state = 'pending'::text);
CREATE INDEX webhooks_by_subject ON public.webhooks USING btree (subject, id);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.money_entries FOR EACH ROW EXECUTE FUNCTION public.refuse_journal_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON public.money_postings FOR EACH ROW EXECUTE FUNCTION public.refuse_journal_change();
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON public.money_postings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.refuse_unbalanced_entry();
CREATE TRIGGER legal_transition AFTER UPDATE ON public.artifacts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_illegal_transition();
CREATE TRIGGER legal_transition AFTER UPDATE ON public.breaches REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_illegal_transition();
CREATE TRIGGER legal_transition AFTER UPDATE ON public.jobs REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_illegal_transition();
CREATE TRIGGER legal_transition AFTER UPDATE ON public.requests REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_illegal_transition();
CREATE TRIGGER legal_transition AFTER UPDATE ON public.rights_requests REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_illegal_transition();
CREATE TRIGGER legal_transition AFTER UPDATE ON public.runs REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_illegal_transition();
CREATE TRIGGER legal_transition AFTER UPDATE ON public.subjects REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_illegal_transition();
CREATE TRIGGER legal_transition AFTER UPDATE ON public.tickets REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_illegal_transition();
CREATE TRIGGER told_when_changed AFTER UPDATE OF state ON public.artifacts FOR EACH ROW WHEN (((old.state <> new.state) AND (((new.state = 'live'::text) AND (new.kind = 'image'::text)) OR ((new.state = 'erased'::text) AND (new.kind <> ALL (ARRAY['latent'::text, 'crop'::text])))))) EXECUTE FUNCTION public.tell_of_artifact();
CREATE TRIGGER told_when_changed AFTER UPDATE OF state, progress ON public.jobs FOR EACH ROW WHEN ((((old.state <> new.state) AND (new.state <> 'processing'::text)) OR ((old.state = new.state) AND (floor((new.progress * (20)::double precision)) > floor((old.progress * (20)::double precision)))))) EXECUTE FUNCTION public.tell_of_job();
CREATE TRIGGER told_when_changed AFTER UPDATE OF state ON public.money_orders FOR EACH ROW WHEN ((old.state <> new.state)) EXECUTE FUNCTION public.tell_of_order();
CREATE TRIGGER told_when_changed AFTER UPDATE OF state ON public.requests FOR EACH ROW WHEN (((old.state <> new.state) AND (new.state = 'completed'::text) AND (new.kind = 'erasure'::text))) EXECUTE FUNCTION public.tell_of_erasure();
CREATE TRIGGER told_when_changed AFTER UPDATE OF state ON public.rights_requests FOR EACH ROW WHEN ((old.state <> new.state)) EXECUTE FUNCTION public.tell_of_right();
CREATE TRIGGER told_when_made AFTER INSERT ON public.jobs FOR EACH ROW EXECUTE FUNCTION public.tell_of_job();
CREATE TRIGGER told_when_made AFTER INSERT ON public.requests FOR EACH ROW WHEN ((new.kind = 'erasure'::text)) EXECUTE FUNCTION public.tell_of_erasure();
CREATE TRIGGER told_when_made AFTER INSERT ON public.rights_requests FOR EACH ROW EXECUTE FUNCTION public.tell_of_right();
CREATE TRIGGER told_when_made AFTER INSERT ON public.ticket_messages FOR EACH ROW WHEN ((new.author = 'support'::text)) EXECUTE FUNCTION public.tell_of_answer();
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_subject_fkey FOREIGN KEY (subject) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.codes
    ADD CONSTRAINT codes_subject_fkey FOREIGN KEY (subject) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.consents
    ADD CONSTRAINT consents_subject_fkey FOREIGN KEY (subject) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.holdings
    ADD CONSTRAINT holdings_holder_fkey FOREIGN KEY (holder) REFERENCES public.holders(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.holds
    ADD CONSTRAINT holds_artifact_fkey FOREIGN KEY (artifact) REFERENCES public.artifacts(id);
ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_owner_fkey FOREIGN KEY (owner) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_owner_fkey FOREIGN KEY (owner) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.money_entries
    ADD CONSTRAINT money_entries_wallet_fkey FOREIGN KEY (wallet) REFERENCES public.money_wallets(id);
ALTER TABLE ONLY public.money_holds
    ADD CONSTRAINT money_holds_wallet_fkey FOREIGN KEY (wallet) REFERENCES public.money_wallets(id);
ALTER TABLE ONLY public.money_orders
    ADD CONSTRAINT money_orders_wallet_fkey FOREIGN KEY (wallet) REFERENCES public.money_wallets(id);
ALTER TABLE ONLY public.money_postings
    ADD CONSTRAINT money_postings_entry_fkey FOREIGN KEY (entry) REFERENCES public.money_entries(id);
ALTER TABLE ONLY public.money_wallets
    ADD CONSTRAINT money_wallets_subject_fkey FOREIGN KEY (subject) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_subject_fkey FOREIGN KEY (subject) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.processor_answers
    ADD CONSTRAINT processor_answers_request_fkey FOREIGN KEY (request) REFERENCES public.requests(id);
ALTER TABLE ONLY public.request_artifacts
    ADD CONSTRAINT request_artifacts_artifact_fkey FOREIGN KEY (artifact) REFERENCES public.artifacts(id);
ALTER TABLE ONLY public.request_artifacts
    ADD CONSTRAINT request_artifacts_request_fkey FOREIGN KEY (request) REFERENCES public.requests(id);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_artifact_fkey FOREIGN KEY (artifact) REFERENCES public.artifacts(id);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_owner_fkey FOREIGN KEY (owner) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_subject_fkey FOREIGN KEY (subject) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.service_keys
    ADD CONSTRAINT service_keys_key_epoch_fkey FOREIGN KEY (key_epoch) REFERENCES public.epochs(number);
ALTER TABLE ONLY public.ticket_messages
    ADD CONSTRAINT ticket_messages_ticket_fkey FOREIGN KEY (ticket) REFERENCES public.tickets(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tickets
    ADD CONSTRAINT tickets_subject_fkey FOREIGN KEY (subject) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_subject_fkey FOREIGN KEY (subject) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT transfers_processor_fkey FOREIGN KEY (processor) REFERENCES public.processors(name);
ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT transfers_subject_fkey FOREIGN KEY (subject) REFERENCES public.subjects(id);
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_event_fkey FOREIGN KEY (event) REFERENCES public.events(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_webhook_fkey FOREIGN KEY (webhook) REFERENCES public.webhooks(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT webhooks_subject_fkey FOREIGN KEY (subject) REFERENCES public.subjects(id);
