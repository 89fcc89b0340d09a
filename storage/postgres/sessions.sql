-- name: lock_user
SELECT 1 FROM users WHERE user_id = $1 FOR UPDATE

-- name: user_of
SELECT u.user_id FROM refresh_tokens AS t JOIN users AS u USING (user_id) WHERE t.token_hash = $1 FOR SHARE OF u

-- name: add
INSERT INTO refresh_tokens (token_hash, family_id, user_id, begun_at, expires_at)
VALUES (
    $1, $2, $3, $4::timestamptz, least(now() + make_interval(days => $5), $4::timestamptz + make_interval(days => $6))
)

-- name: use
UPDATE refresh_tokens SET used_at = now()
WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > now()
RETURNING family_id AS session_id, user_id, begun_at

-- name: of_token
SELECT family_id AS session_id, user_id, used_at IS NOT NULL AND revoked_at IS NULL AS was_used
FROM refresh_tokens
WHERE token_hash = $1

-- name: end
UPDATE refresh_tokens SET revoked_at = now() WHERE family_id = $1 AND revoked_at IS NULL

-- name: end_all
UPDATE refresh_tokens SET revoked_at = now() WHERE user_id = $1 AND revoked_at IS NULL

-- name: sweep
DELETE FROM refresh_tokens WHERE token_hash IN (
    SELECT t.token_hash FROM refresh_tokens AS t WHERE t.expires_at < now() LIMIT 1000 FOR UPDATE SKIP LOCKED
)
