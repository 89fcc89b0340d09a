-- name: read
SELECT currency, time_zone, allowed_origins, contributes_to_global_model FROM tenant_settings

-- name: write
UPDATE tenant_settings
SET currency = $1, time_zone = $2, allowed_origins = COALESCE($3, allowed_origins),
    contributes_to_global_model = COALESCE($4, contributes_to_global_model), updated_at = now()
RETURNING currency, time_zone, allowed_origins, contributes_to_global_model
