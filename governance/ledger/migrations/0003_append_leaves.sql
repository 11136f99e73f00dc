-- Appends to the audit log in one statement, so that whoever appends next waits for a commit and not for a client as well.
-- The same as `audit/log.py`'s append_many: RFC 6962 hashes, one peak per set bit of the size, and of the tree every
-- eighth level. Gives the index of the first of them.

CREATE FUNCTION append_leaves(added bytea[]) RETURNS bigint LANGUAGE plpgsql AS $$
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
