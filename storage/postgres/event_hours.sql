-- name: dirty
SELECT extract(epoch FROM hour)::bigint AS hour, floor(extract(epoch FROM now()) * 1000)::bigint AS asked_at
FROM event_hours
WHERE rolled_at <= stored_at
    OR (rolled_at < stored_at + make_interval(secs => $1) AND stored_at + make_interval(secs => $1) <= now())
ORDER BY hour DESC
LIMIT $2

-- name: rolled
UPDATE event_hours SET rolled_at = greatest(rolled_at, to_timestamp($2::bigint / 1000.0))
WHERE hour = ANY(SELECT to_timestamp(h) FROM unnest($1::bigint[]) AS h)
