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

-- name: week_due
-- The newest week that is over and at rest, every hour of it counted for good, and some of them since it was summed.
SELECT weeks.week, floor(extract(epoch FROM now()) * 1000)::bigint AS asked_at
FROM (
    SELECT date_trunc('week', hour AT TIME ZONE 'UTC')::date AS week, max(rolled_at) AS counted_at,
        max(stored_at) AS changed_at, bool_and(rolled_at >= stored_at + make_interval(secs => $1)) AS is_counted
    FROM event_hours GROUP BY 1
) AS weeks
LEFT JOIN report_weeks AS r ON r.week = weeks.week
WHERE weeks.is_counted AND weeks.changed_at + make_interval(secs => $2) <= now()
    AND (weeks.week + 7)::timestamp AT TIME ZONE 'UTC' <= now()
    AND (r.summed_at IS NULL OR r.summed_at <= weeks.counted_at)
ORDER BY weeks.week DESC LIMIT 1

-- name: summed
INSERT INTO report_weeks AS r (week, summed_at) VALUES ($1, to_timestamp($2::bigint / 1000.0))
ON CONFLICT (week) DO UPDATE SET summed_at = greatest(r.summed_at, excluded.summed_at)

-- name: summed_weeks
SELECT r.week FROM report_weeks AS r
WHERE r.week::timestamp AT TIME ZONE 'UTC' >= $1 AND (r.week + 7)::timestamp AT TIME ZONE 'UTC' <= $2
    AND NOT EXISTS (
        SELECT 1 FROM event_hours AS h
        WHERE h.hour >= r.week::timestamp AT TIME ZONE 'UTC' AND h.hour < (r.week + 7)::timestamp AT TIME ZONE 'UTC'
            AND h.rolled_at >= r.summed_at
    )
ORDER BY r.week
