-- name: by_email
SELECT user_id, email, password_hash, role, session_version, created_at, last_login_at FROM users
WHERE lower(email) = lower($1)

-- name: by_id
SELECT user_id, email, password_hash, role, session_version, created_at, last_login_at FROM users WHERE user_id = $1

-- name: all
SELECT user_id, email, password_hash, role, session_version, created_at, last_login_at FROM users
ORDER BY created_at, user_id

-- name: count
SELECT count(*) FROM users

-- name: add
INSERT INTO users (email, password_hash, role) VALUES ($1, $2, $3) ON CONFLICT (lower(email)) DO NOTHING
RETURNING user_id, email, password_hash, role, session_version, created_at, last_login_at

-- name: renew_hash
UPDATE users SET password_hash = $2 WHERE user_id = $1 AND password_hash = $3

-- name: set_password
UPDATE users SET password_hash = $2, session_version = session_version + 1 WHERE user_id = $1
RETURNING user_id, email, password_hash, role, session_version, created_at, last_login_at

-- name: set_role
UPDATE users SET role = $2, session_version = session_version + 1 WHERE user_id = $1
RETURNING user_id, email, password_hash, role, session_version, created_at, last_login_at

-- name: logged_in
UPDATE users SET last_login_at = now() WHERE user_id = $1 AND session_version = $2 RETURNING true

-- name: remove
DELETE FROM users WHERE user_id = $1

-- name: lock_owners
SELECT user_id FROM users WHERE role = 'owner' AND password_hash IS NOT NULL ORDER BY user_id FOR UPDATE

-- name: put_link
INSERT INTO password_links (user_id, token_hash, purpose, expires_at)
VALUES ($1, $2, $3, now() + make_interval(secs => $4))
ON CONFLICT (user_id) DO UPDATE
SET token_hash = excluded.token_hash, purpose = excluded.purpose, expires_at = excluded.expires_at

-- name: user_of_link
SELECT u.user_id, u.email, u.password_hash, u.role, u.session_version, u.created_at, u.last_login_at
FROM users AS u JOIN password_links AS l USING (user_id)
WHERE l.token_hash = $1 AND l.expires_at > now()

-- name: take_link
DELETE FROM password_links WHERE token_hash = $1 AND expires_at > now() RETURNING purpose
