-- name: by_email
SELECT user_id, email, password_hash, role FROM users WHERE lower(email) = lower($1)

-- name: by_id
SELECT user_id, email, password_hash, role FROM users WHERE user_id = $1

-- name: add
INSERT INTO users (email, password_hash, role) VALUES ($1, $2, $3) ON CONFLICT (lower(email)) DO NOTHING RETURNING user_id

-- name: set_password_hash
UPDATE users SET password_hash = $2 WHERE user_id = $1

-- name: failures
SELECT count(*) FROM login_failures WHERE email = lower($1) AND failed_at > now() - make_interval(secs => $2)

-- name: add_failure
INSERT INTO login_failures (email) VALUES (lower($1))

-- name: clear_failures
DELETE FROM login_failures WHERE email = lower($1)

-- name: add_refresh
INSERT INTO refresh_tokens (token_hash, family_id, user_id, expires_at)
VALUES ($1, $2, $3, now() + make_interval(days => $4))

-- name: use_refresh
UPDATE refresh_tokens SET used_at = now()
WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()
RETURNING family_id, user_id

-- name: revoke_family
UPDATE refresh_tokens SET revoked_at = now()
WHERE family_id = (SELECT t.family_id FROM refresh_tokens AS t WHERE t.token_hash = $1) AND revoked_at IS NULL
