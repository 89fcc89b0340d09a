-- name: tables
SELECT c.relname AS table_name FROM pg_class AS c
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
ORDER BY c.relname

-- name: quoted
SELECT quote_ident($1)

-- name: rows
SELECT row_to_json(t) FROM {table} AS t

-- name: tenants
SELECT row_to_json(t) FROM tenants AS t WHERE t.tenant_id = $1

-- name: links
SELECT row_to_json(t) FROM links AS t WHERE t.tenant_id = $1

-- name: app_links
SELECT row_to_json(t) FROM app_links AS t WHERE t.tenant_id = $1

-- name: event_schemas
SELECT row_to_json(t) FROM event_schemas AS t WHERE t.tenant_id = $1

-- name: api_keys
SELECT row_to_json(t)
FROM (SELECT key_prefix, kind, scopes, created_at, revoked_at FROM api_keys WHERE tenant_id = $1) AS t
