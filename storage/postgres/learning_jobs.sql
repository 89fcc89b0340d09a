-- name: add
-- Not of a tenant that is suspended or on its way out, nor one more while the same is under way.
INSERT INTO jobs (job_id, tenant_id, kind, detail)
SELECT $1, $2, $3, $4
WHERE $2 = '' OR EXISTS (SELECT FROM tenants WHERE tenant_id = $2 AND state = 'active')
ON CONFLICT DO NOTHING
RETURNING *

-- name: under_way
SELECT * FROM jobs
WHERE kind = $1 AND tenant_id = $2 AND coalesce(detail ->> 'model', '') = $3 AND finished_at IS NULL

-- name: unfinished
SELECT job_id FROM jobs
WHERE kind IN ('retrain', 'lake_export') AND finished_at IS NULL
ORDER BY created_at

-- name: newest
-- When each training and each export was last asked for, whatever became of it.
SELECT kind, tenant_id, coalesce(detail ->> 'model', '') AS model, max(created_at) AS asked_at FROM jobs
WHERE kind IN ('retrain', 'lake_export')
GROUP BY 1, 2, 3

-- name: page
SELECT * FROM jobs
WHERE tenant_id = $1 AND kind IN ('retrain', 'lake_export')
    AND ($2::timestamptz IS NULL OR (created_at, job_id) < ($2, $3))
ORDER BY created_at DESC, job_id DESC
LIMIT $4

-- name: record
-- What a training said, and how far it has come: together, so that no line is noted twice.
WITH recorded AS (
    UPDATE jobs SET detail = $3 WHERE job_id = $1 AND run = $2 AND finished_at IS NULL RETURNING job_id, run
), said AS (
    INSERT INTO job_log (job_id, line) SELECT r.job_id, l.line FROM recorded AS r, unnest($4::text []) AS l (line)
)
SELECT run FROM recorded

-- name: finish
UPDATE jobs SET finished_at = now(), error = $3 WHERE job_id = $1 AND run = $2 AND finished_at IS NULL RETURNING run

-- name: active_tenants
SELECT tenant_id, created_at FROM tenants WHERE state = 'active' ORDER BY tenant_id

-- name: keep_drift
INSERT INTO learned_drift (tenant_id, kind, document) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, kind) DO UPDATE SET document = excluded.document, seen_at = now()

-- name: drift
SELECT kind, seen_at, document FROM learned_drift WHERE tenant_id = $1 ORDER BY kind

-- name: keep_values
-- Not of a tenant that goes.
INSERT INTO learned_values (tenant_id, model_id, document)
SELECT t.tenant_id, $2, $3 FROM tenants AS t WHERE t.tenant_id = $1 AND t.state IN ('active', 'suspended') FOR SHARE
ON CONFLICT (tenant_id) DO UPDATE
SET model_id = excluded.model_id, document = excluded.document, seen_at = now()

-- name: values
-- The model that serves the tenant, its own before the global one, with what it foretold; null: nothing yet.
SELECT m.document AS model, v.seen_at, v.document FROM learned_models AS m
LEFT JOIN learned_values AS v ON v.tenant_id = $1 AND v.model_id = m.model_id
WHERE m.kind = 'pltv' AND m.state = 'champion' AND (m.tenant_id = $1 OR m.tenant_id IS NULL)
ORDER BY m.tenant_id NULLS LAST
LIMIT 1

-- name: unvalued
-- Active tenants whose installs another model than the serving one has foretold, and no export since it serves has been
-- asked for, which would have it do so.
SELECT t.tenant_id FROM tenants AS t
JOIN LATERAL (
    SELECT m.model_id, m.promoted_at FROM learned_models AS m
    WHERE m.kind = 'pltv' AND m.state = 'champion' AND (m.tenant_id = t.tenant_id OR m.tenant_id IS NULL)
    ORDER BY m.tenant_id NULLS LAST
    LIMIT 1
) AS serving ON true
LEFT JOIN learned_values AS v ON v.tenant_id = t.tenant_id
WHERE t.state = 'active' AND v.model_id IS DISTINCT FROM serving.model_id AND NOT EXISTS (
    SELECT FROM jobs AS j
    WHERE j.tenant_id = t.tenant_id AND j.kind = 'lake_export' AND j.created_at > serving.promoted_at
)
ORDER BY t.tenant_id

-- name: all_drift
SELECT d.tenant_id, d.kind, d.seen_at, d.document, m.tenant_id IS NULL AS is_global FROM learned_drift AS d
JOIN learned_models AS m ON m.model_id = d.document ->> 'model_id'
JOIN tenants AS t ON t.tenant_id = d.tenant_id AND t.state = 'active'
WHERE m.state = 'champion'
ORDER BY d.kind, m.tenant_id NULLS FIRST, d.tenant_id
