-- name: dirty
SELECT extract(epoch FROM hour)::bigint AS hour, floor(extract(epoch FROM now()) * 1000)::bigint AS asked_at
FROM event_hours
WHERE rolled_at <= stored_at
    OR (rolled_at < stored_at + make_interval(secs => $1) AND stored_at + make_interval(secs => $1) <= now())
ORDER BY hour DESC
LIMIT $2

-- name: has_uncounted
SELECT EXISTS (SELECT 1 FROM event_hours WHERE rolled_at <= stored_at)

-- name: rolled
-- In the order in which a batch notes its own, so that neither waits for the other for ever.
WITH counted AS (
    SELECT hour FROM event_hours
    WHERE hour = ANY(SELECT to_timestamp(h) FROM unnest($1::bigint[]) AS h)
    ORDER BY hour FOR UPDATE
)
UPDATE event_hours AS e SET rolled_at = greatest(e.rolled_at, to_timestamp($2::bigint / 1000.0))
FROM counted WHERE e.hour = counted.hour
