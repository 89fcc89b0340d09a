-- A tenant's life beyond active and suspended. What is gone has no row.
ALTER TABLE tenants DROP CONSTRAINT tenants_state_check;
ALTER TABLE tenants ADD CONSTRAINT tenants_state_check
CHECK (state IN ('provisioning', 'active', 'suspended', 'exporting', 'erasing'));

-- Work on a tenant that outlives requests and processes. Of a bulk import only that there is one: the tenant's own
-- database says how far it came. `run` is that of the incarnation that may write; a later one takes it on.
CREATE TABLE jobs (
    job_id text PRIMARY KEY,
    tenant_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('provision', 'delete', 'import')),
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    run integer NOT NULL DEFAULT 0,
    steps_done text[] NOT NULL DEFAULT '{}',
    detail jsonb NOT NULL DEFAULT '{}',
    error text,
    -- What a new tenant's first answer tells, sealed; forgotten a day after, with the key by which it is asked for again.
    secrets_sealed bytea,
    idempotency_key text UNIQUE
);
CREATE INDEX jobs_page ON jobs (created_at, job_id);
CREATE INDEX jobs_of_tenant ON jobs (tenant_id, created_at);
-- One job at a time decides on a tenant's life.
CREATE UNIQUE INDEX jobs_of_life ON jobs (tenant_id) WHERE kind <> 'import' AND finished_at IS NULL;

-- Whoever carries jobs out hears of a new one when it is committed.
CREATE FUNCTION tell_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('jobs', NEW.job_id);
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_entered AFTER INSERT ON jobs
FOR EACH ROW WHEN (NEW.kind <> 'import') EXECUTE FUNCTION tell_of_job();

CREATE TABLE job_log (
    job_id text NOT NULL REFERENCES jobs ON DELETE CASCADE,
    line_id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL DEFAULT now(),
    line text NOT NULL,
    PRIMARY KEY (job_id, line_id)
);
