-- name: count
SELECT count(*) FROM links WHERE tenant_id = $1

-- name: add
INSERT INTO links (tenant_id, link_id, definition) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, link_id) DO NOTHING RETURNING definition, created_at, updated_at

-- name: one
SELECT definition, created_at, updated_at FROM links WHERE tenant_id = $1 AND link_id = $2

-- name: page
SELECT definition, created_at, updated_at FROM links
WHERE tenant_id = $1 AND (created_at, link_id) < ($2, $3)
ORDER BY created_at DESC, link_id DESC
LIMIT $4

-- name: replace
UPDATE links SET definition = $3, updated_at = now() WHERE tenant_id = $1 AND link_id = $2
RETURNING definition, created_at, updated_at

-- name: delete
DELETE FROM links WHERE tenant_id = $1 AND link_id = $2 RETURNING link_id

-- name: app_links
SELECT definition FROM app_links WHERE tenant_id = $1

-- name: set_app_links
INSERT INTO app_links (tenant_id, definition) VALUES ($1, $2)
ON CONFLICT (tenant_id) DO UPDATE SET definition = $2
