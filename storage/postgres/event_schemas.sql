-- name: newest
SELECT DISTINCT ON (event_name) event_name, version, on_violation, definition, created_at, created_by
FROM event_schemas WHERE tenant_id = $1
ORDER BY event_name, version DESC

-- name: versions
SELECT event_name, version, on_violation, definition, created_at, created_by
FROM event_schemas WHERE tenant_id = $1 AND event_name = $2
ORDER BY version DESC

-- name: add
INSERT INTO event_schemas (tenant_id, event_name, version, on_violation, definition, created_by)
SELECT $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5
FROM event_schemas WHERE tenant_id = $1 AND event_name = $2
RETURNING event_name, version, on_violation, definition, created_at, created_by

-- name: count
SELECT count(DISTINCT event_name) FROM event_schemas WHERE tenant_id = $1 AND event_name <> $2

-- name: delete
DELETE FROM event_schemas WHERE tenant_id = $1 AND event_name = $2
