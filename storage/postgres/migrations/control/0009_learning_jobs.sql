-- Of a model and a scope one training at a time, and of a tenant one export.
CREATE UNIQUE INDEX jobs_of_learning ON jobs (kind, tenant_id, coalesce(detail ->> 'model', ''))
WHERE kind IN ('retrain', 'lake_export') AND finished_at IS NULL;

-- How the model that serves a tenant does on what came since it was trained, as it was seen at the newest export.
CREATE TABLE learned_drift (
    tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
    kind text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    document jsonb NOT NULL,
    PRIMARY KEY (tenant_id, kind)
);
