-- name: enter
-- Not of a tenant that is on its way out: nothing of it may appear after it was erased.
INSERT INTO jobs (job_id, tenant_id, kind)
SELECT $1, t.tenant_id, $3 FROM tenants AS t WHERE t.tenant_id = $2 AND t.state IN ('active', 'suspended')
ON CONFLICT (job_id) DO NOTHING

-- name: add
INSERT INTO jobs (job_id, tenant_id, kind, detail, secrets_sealed, idempotency_key) VALUES ($1, $2, $3, $4, $5, $6)

-- name: by_key
SELECT * FROM jobs WHERE idempotency_key = $1

-- name: one
SELECT * FROM jobs WHERE job_id = $1

-- name: of_life
SELECT * FROM jobs WHERE tenant_id = $1 AND kind IN ('provision', 'delete') AND finished_at IS NULL

-- name: last_delete
SELECT * FROM jobs WHERE tenant_id = $1 AND kind = 'delete' ORDER BY created_at DESC LIMIT 1

-- name: page
SELECT * FROM jobs
WHERE ($1::timestamptz IS NULL OR (created_at, job_id) < ($1, $2))
    AND ($3::text IS NULL OR tenant_id = $3) AND ($4::text IS NULL OR kind = $4)
ORDER BY created_at DESC, job_id DESC
LIMIT $5

-- name: unfinished
SELECT job_id FROM jobs
WHERE kind IN ('provision', 'delete') AND finished_at IS NULL
ORDER BY created_at

-- name: begin
UPDATE jobs SET run = run + 1 WHERE job_id = $1 AND finished_at IS NULL RETURNING *

-- name: record_step
UPDATE jobs SET steps_done = array_append(steps_done, $3), error = NULL
WHERE job_id = $1 AND run = $2 AND finished_at IS NULL
RETURNING run

-- name: record_detail
UPDATE jobs SET detail = $3 WHERE job_id = $1 AND run = $2 AND finished_at IS NULL RETURNING run

-- name: note_failure
UPDATE jobs SET error = $2 WHERE job_id = $1 AND finished_at IS NULL

-- name: hold
-- The row lock makes a later run wait, and whoever else would decide on the tenant's life.
SELECT run FROM jobs WHERE job_id = $1 AND run = $2 AND finished_at IS NULL FOR UPDATE

-- name: finish
UPDATE jobs SET finished_at = now(), error = $2 WHERE job_id = $1

-- name: forget_work
DELETE FROM jobs WHERE tenant_id = $1 AND kind NOT IN ('provision', 'delete')

-- name: forget_old_work
DELETE FROM jobs WHERE tenant_id = $1 AND kind = $2 AND created_at < now() - make_interval(days => $3)

-- name: forget_secrets
UPDATE jobs SET secrets_sealed = NULL, idempotency_key = NULL
WHERE (secrets_sealed IS NOT NULL OR idempotency_key IS NOT NULL) AND finished_at < now() - interval '1 day'

-- name: forget_secrets_of_tenant
UPDATE jobs SET secrets_sealed = NULL, idempotency_key = NULL, detail = '{}' WHERE tenant_id = $1 AND kind = 'provision'

-- name: log
INSERT INTO job_log (job_id, line) SELECT j.job_id, $2 FROM jobs AS j WHERE j.job_id = $1

-- name: logs
SELECT at, line FROM job_log WHERE job_id = $1 ORDER BY line_id DESC LIMIT $2

-- name: lock_tenant
SELECT tenant_id, host, name, state FROM tenants WHERE tenant_id = $1 FOR UPDATE

-- name: tenant_state
SELECT state FROM tenants WHERE tenant_id = $1

-- name: add_tenant
INSERT INTO tenants (tenant_id, host, name) VALUES ($1, $2, $3)

-- name: set_state
UPDATE tenants SET state = $2 WHERE tenant_id = $1

-- name: erase_tenant
DELETE FROM tenants WHERE tenant_id = $1

-- name: forget_shards
DELETE FROM active_shards WHERE tenant_id = $1

-- name: forget_promotions
DELETE FROM learned_promotions WHERE tenant_id = $1
