-- name: keep_days
INSERT INTO audit.retention (keep_days) VALUES ($1) ON CONFLICT (one) DO UPDATE SET keep_days = excluded.keep_days

-- name: grant_schema
GRANT USAGE ON SCHEMA audit TO {role}

-- name: grant_columns
GRANT INSERT (actor_kind, actor_id, actor_label, action, subject, ip, request_id, detail) ON audit.entries TO {role}

-- name: grant_reading
GRANT SELECT ON audit.entries, audit.retention TO {role}

-- name: revoke_sweep
REVOKE EXECUTE ON FUNCTION audit.sweep() FROM PUBLIC

-- name: grant_sweep
GRANT EXECUTE ON FUNCTION audit.sweep() TO {role}
