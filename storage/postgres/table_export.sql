-- name: tables
-- All that the tenant's role may read: its own tables by their names, those of the audit log with their schema.
SELECT
    CASE n.nspname WHEN 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END AS table_name,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS qualified_name
FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('public', 'audit')
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
ORDER BY 1

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
