-- name: allow_connecting
GRANT CONNECT ON DATABASE {database} TO SESSION_USER

-- name: allow_schema
GRANT CREATE ON DATABASE {database} TO {auditor}

-- name: refuse_schema
REVOKE CREATE ON DATABASE {database} FROM {auditor}

-- name: refuse_connecting
REVOKE CONNECT ON DATABASE {database} FROM SESSION_USER

-- name: owner
SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'audit'

-- name: keep_days
INSERT INTO audit.retention (keep_days) VALUES ($1) ON CONFLICT (one) DO UPDATE SET keep_days = excluded.keep_days

-- name: grant_schema
GRANT USAGE ON SCHEMA audit TO {role}

-- name: grant_adding
GRANT INSERT (actor_kind, actor_id, actor_label, action, subject, ip, request_id, detail) ON audit.entries TO {role}

-- name: grant_reading
GRANT SELECT ON audit.entries, audit.retention TO {role}

-- name: revoke_sweep
REVOKE EXECUTE ON FUNCTION audit.sweep() FROM PUBLIC

-- name: grant_sweep
GRANT EXECUTE ON FUNCTION audit.sweep() TO {role}
