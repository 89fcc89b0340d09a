-- name: page
SELECT tenant_id, host, name, state, events_per_second, events_per_day, requests_at_once, shards, created_at FROM tenants
WHERE tenant_id > $1 AND ($2::text IS NULL OR state = $2)
    AND ($3::text IS NULL OR strpos(lower(concat_ws(E'\n', tenant_id, host, name)), lower($3)) > 0)
ORDER BY tenant_id
LIMIT $4

-- name: one
SELECT tenant_id, host, name, state, events_per_second, events_per_day, requests_at_once, shards, created_at FROM tenants
WHERE tenant_id = $1

-- name: change
-- Another number of shards is laid out; if that is broken off, the next start does it.
WITH laid_out AS (
    DELETE FROM tenant_schemas WHERE tenant_id = $1 AND $4::smallint IS NOT NULL
)
UPDATE tenants SET
    host = coalesce($2, host), name = coalesce($3, name), shards = coalesce($4, shards),
    events_per_second = CASE WHEN $5 THEN $6 ELSE events_per_second END,
    events_per_day = CASE WHEN $7 THEN $8 ELSE events_per_day END,
    requests_at_once = CASE WHEN $9 THEN $10 ELSE requests_at_once END
WHERE tenant_id = $1 AND state IN ('active', 'suspended')
RETURNING tenant_id

-- name: keys
SELECT k.key_id, k.key_prefix, k.name, k.scopes, k.created_at, u.used_on AS last_used_on FROM api_keys AS k
LEFT JOIN api_key_uses AS u USING (key_hash)
WHERE k.kind = 'platform' AND k.revoked_at IS NULL
ORDER BY k.created_at, k.key_id

-- name: add_key
INSERT INTO api_keys (key_hash, key_prefix, kind, scopes, name, created_by) VALUES ($1, $2, 'platform', $3, $4, $5)
RETURNING key_id, key_prefix, name, scopes, created_at, NULL::date AS last_used_on

-- name: revoke_key
UPDATE api_keys SET revoked_at = now() WHERE kind = 'platform' AND key_id = $1 AND revoked_at IS NULL RETURNING key_id

-- name: active_shards
SELECT tenant_id, count(*) AS shards FROM active_shards WHERE tenant_id = ANY($1::text[]) GROUP BY tenant_id

-- name: usage
-- Of the tenant's own database: counts from its ledger, its size from the server's files.
SELECT
    coalesce(sum(received), 0)::bigint AS received, coalesce(sum(accepted), 0)::bigint AS accepted,
    coalesce(sum(duplicates), 0)::bigint AS duplicates, coalesce(sum(rejected), 0)::bigint AS rejected,
    coalesce(sum(stored), 0)::bigint AS stored, coalesce(sum(quarantined), 0)::bigint AS quarantined,
    pg_database_size(current_database()) AS postgres_bytes,
    (SELECT count(*) FROM conversions WHERE revision = 0 AND failure IS NULL) AS pending_conversions
FROM ledger WHERE minute >= $1 AND minute < $2
