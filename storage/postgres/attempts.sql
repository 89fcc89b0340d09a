-- name: lock
SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))

-- name: sweep
DELETE FROM login_failures WHERE ctid IN (
    SELECT f.ctid FROM login_failures AS f
    WHERE f.failed_at < now() - make_interval(secs => $1) LIMIT 1000 FOR UPDATE SKIP LOCKED
)

-- name: counts
SELECT
    count(*) FILTER (WHERE email = lower($2)) AS of_account,
    count(*) FILTER (WHERE ip = $3) AS of_address
FROM login_failures
WHERE kind = $1 AND (email = lower($2) OR ip = $3) AND failed_at > now() - make_interval(secs => $4)

-- name: add
INSERT INTO login_failures (kind, email, ip) VALUES ($1, lower($2), $3)

-- name: forget
DELETE FROM login_failures WHERE kind = $1 AND email = lower($2)
