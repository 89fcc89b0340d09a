-- What was changed, by whom and from where. All of it belongs to a role that nobody logs in as: the tenant's own role,
-- which owns the rest of the database, may add entries and read them, and nothing else.
CREATE TABLE audit.entries (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The clock, not the start of the transaction; and no writer can name another time.
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_kind text NOT NULL CHECK (actor_kind IN ('user', 'key', 'platform', 'system', 'nobody')),
    actor_id text NOT NULL,
    actor_label text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    ip text NOT NULL,
    request_id text NOT NULL,
    detail jsonb NOT NULL
);
CREATE INDEX ON audit.entries (at);
CREATE INDEX ON audit.entries (actor_id, audit_id);
CREATE INDEX ON audit.entries (action, audit_id);

-- How long entries are kept is the platform's to say: the tenant's role can read it, not change it.
CREATE TABLE audit.retention (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    keep_days integer NOT NULL CHECK (keep_days > 0)
);

-- Anybody may ask for it; it removes what is past its time, whoever asks. Its names are found nowhere but here.
CREATE FUNCTION audit.sweep() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH swept AS (
        DELETE FROM audit.entries
        WHERE at < now() - make_interval(days => (SELECT keep_days FROM audit.retention))
        RETURNING 1
    )
    SELECT count(*) FROM swept
$$;
