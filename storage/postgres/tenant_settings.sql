-- name: read
SELECT currency, time_zone FROM tenant_settings

-- name: write
UPDATE tenant_settings SET currency = $1, time_zone = $2, updated_at = now() RETURNING currency, time_zone
