-- name: read
SELECT currency, time_zone, allowed_origins FROM tenant_settings

-- name: write
UPDATE tenant_settings SET currency = $1, time_zone = $2, allowed_origins = $3, updated_at = now()
RETURNING currency, time_zone, allowed_origins
