-- name: read
SELECT name, accent FROM tenant_brand

-- name: write
UPDATE tenant_brand SET name = $1, accent = $2, updated_at = now()
