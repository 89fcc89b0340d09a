-- name: count
SELECT count(*) FROM api_keys WHERE tenant_id = $1 AND revoked_at IS NULL

-- name: add
INSERT INTO api_keys (key_id, key_hash, key_prefix, tenant_id, kind, scopes, name, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING key_id, key_prefix, kind, scopes, name, created_by, created_at, NULL::date AS last_used_on

-- name: all
SELECT k.key_id, k.key_prefix, k.kind, k.scopes, k.name, k.created_by, k.created_at, u.used_on AS last_used_on
FROM api_keys AS k
LEFT JOIN api_key_uses AS u USING (key_hash)
WHERE k.tenant_id = $1 AND k.revoked_at IS NULL
ORDER BY k.created_at DESC, k.key_id

-- name: revoke
UPDATE api_keys SET revoked_at = now() WHERE tenant_id = $1 AND key_id = $2 AND revoked_at IS NULL RETURNING name

-- name: used
-- In one order, so that replicas do not wait for each other; and of keys that stay until it is written.
INSERT INTO api_key_uses (key_hash, used_on)
SELECT k.key_hash, $2 FROM api_keys AS k WHERE k.key_hash = ANY($1::bytea[]) ORDER BY k.key_hash FOR KEY SHARE
ON CONFLICT (key_hash) DO UPDATE SET used_on = excluded.used_on WHERE api_key_uses.used_on < excluded.used_on

-- name: end_tokens
INSERT INTO ended_tokens (tenant_id, subject, version_min) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, subject) DO UPDATE
SET version_min = greatest(ended_tokens.version_min, excluded.version_min), ended_at = now()

-- name: sweep_ended_tokens
DELETE FROM ended_tokens WHERE (tenant_id, subject) IN (
    SELECT e.tenant_id, e.subject FROM ended_tokens AS e
    WHERE e.ended_at < now() - make_interval(secs => $1) LIMIT 1000 FOR UPDATE SKIP LOCKED
)
