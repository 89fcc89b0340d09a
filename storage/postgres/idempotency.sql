-- name: find
SELECT fingerprint, answer, durability FROM idempotency_keys WHERE key = $1

-- name: keep
INSERT INTO idempotency_keys (key, fingerprint, answer, durability) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING

-- name: forget
DELETE FROM idempotency_keys WHERE key IN (
    SELECT k.key FROM idempotency_keys AS k WHERE k.created_at < now() - make_interval(days => $1) LIMIT 10
)
