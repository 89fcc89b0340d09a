-- Learned models: each with what its training said of it. Of a kind and a scope (a tenant, or all) one is champion.
CREATE TABLE learned_models (
    model_id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('conversion', 'pltv', 'anomaly')),
    -- NULL: the global model.
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('challenger', 'champion', 'retired', 'refused')),
    document jsonb NOT NULL,
    artifact_sha256 text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    promoted_at timestamptz,
    -- How it did beside the champion on what came after both were trained.
    shadow jsonb
);
CREATE UNIQUE INDEX learned_champions ON learned_models (kind, coalesce(tenant_id, '')) WHERE state = 'champion';
CREATE INDEX learned_models_page ON learned_models (created_at, model_id);

-- Who put which model in the place of which, and why. Nothing is ever taken out.
CREATE TABLE learned_promotions (
    promotion_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    tenant_id text,
    model_id text,
    previous_model_id text,
    promoted_by text NOT NULL,
    is_rollback boolean NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);

-- Whoever keeps champions at hand hears of another when it is committed.
CREATE FUNCTION tell_of_champion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('learned_models', NEW.kind);
    RETURN NULL;
END $$;
CREATE TRIGGER learned_models_promoted AFTER INSERT ON learned_promotions
FOR EACH ROW EXECUTE FUNCTION tell_of_champion();

-- Training and exporting are jobs like others; those for all tenants bear no tenant's name.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check
CHECK (kind IN ('provision', 'delete', 'import', 'retrain', 'lake_export'));
DROP INDEX jobs_of_life;
CREATE UNIQUE INDEX jobs_of_life ON jobs (tenant_id) WHERE kind IN ('provision', 'delete') AND finished_at IS NULL;

-- Whoever carries out one sort of job does not hear of the other.
CREATE OR REPLACE FUNCTION tell_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(CASE WHEN NEW.kind IN ('provision', 'delete') THEN 'jobs' ELSE 'learning_jobs' END, NEW.job_id);
    RETURN NULL;
END $$;
