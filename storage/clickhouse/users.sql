-- name: create_profile
CREATE SETTINGS PROFILE OR REPLACE {user} SETTINGS
    max_execution_time = {seconds}, max_memory_usage = {memory_bytes}, max_rows_to_read = {read_rows},
    max_result_rows = {result_rows}

-- name: create_user
CREATE USER IF NOT EXISTS {user} IDENTIFIED WITH sha256_hash BY '{password_sha256}' SETTINGS PROFILE '{user}'

-- name: renew_user
-- The password follows the root secret, also after that was rotated.
ALTER USER {user} IDENTIFIED WITH sha256_hash BY '{password_sha256}' SETTINGS PROFILE '{user}'

-- name: grant
GRANT SELECT, INSERT ON {table} TO {user}

-- name: drop_user
DROP USER IF EXISTS {user}

-- name: drop_profile
DROP SETTINGS PROFILE IF EXISTS {user}

-- name: create_probe
CREATE SETTINGS PROFILE OR REPLACE unmogrow_probe SETTINGS max_threads = 1

-- name: drop_probe
DROP SETTINGS PROFILE IF EXISTS unmogrow_probe
