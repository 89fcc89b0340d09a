-- name: add
INSERT INTO recomputes (recompute_id, policy_version, since, until, dry_run, requested_by)
SELECT $1, $2, $3, $4, $5, $6
WHERE (SELECT count(*) FROM recomputes WHERE state IN ('queued', 'running')) < $7
RETURNING *

-- name: one
SELECT * FROM recomputes WHERE recompute_id = $1

-- name: newest
SELECT * FROM recomputes ORDER BY created_at DESC, recompute_id DESC LIMIT $1

-- name: has_unfinished
SELECT EXISTS (SELECT 1 FROM recomputes WHERE state IN ('queued', 'running'))

-- name: begin
-- Counted once, when it begins.
UPDATE recomputes AS r SET state = 'running', conversions = coalesce(r.conversions, (
    SELECT count(*) FROM conversions AS c
    WHERE c.conversion_time >= r.since AND c.conversion_time < r.until AND c.revision > 0
))
WHERE r.recompute_id = (
    SELECT u.recompute_id FROM recomputes AS u WHERE u.state IN ('queued', 'running')
    ORDER BY u.created_at, u.recompute_id LIMIT 1
)
RETURNING *

-- name: record
UPDATE recomputes
SET conversions_done = $3, moved = $4, failed = $5, at_time = $6, at_id = $7, sources = $8
WHERE recompute_id = $2 AND state = 'running' AND (SELECT assert_epoch(0::smallint, $1))

-- name: move
INSERT INTO recompute_moves (recompute_id, conversion_id, shard, changes)
SELECT $1, c.conversion_id, c.shard, u.changes
FROM unnest($2::text[], $3::jsonb[]) AS u (conversion_id, changes)
INNER JOIN conversions AS c ON c.conversion_id = u.conversion_id
ON CONFLICT DO NOTHING

-- name: moves
SELECT conversion_id, changes FROM recompute_moves WHERE recompute_id = $1 ORDER BY conversion_id LIMIT $2

-- name: finish
UPDATE recomputes SET state = $3, error = $4, finished_at = now()
WHERE recompute_id = $2 AND state = 'running' AND (SELECT assert_epoch(0::smallint, $1))

-- name: adopt
UPDATE recomputes SET state = 'adopted', adopted_at = now() WHERE recompute_id = $1 AND state = 'done'
RETURNING policy_version, since, until, created_at

-- name: requeue_moved
-- And what came within the span since the recomputation was asked for, by whatever policy it was attributed.
INSERT INTO attribution_requeues (conversion_id, shard, cause)
SELECT m.conversion_id, m.shard, 'recompute' FROM recompute_moves AS m WHERE m.recompute_id = $1
UNION
SELECT c.conversion_id, c.shard, 'recompute' FROM conversions AS c
WHERE c.conversion_time >= $2 AND c.conversion_time < $3 AND c.received_at >= $4 AND c.revision > 0

-- name: forget
DELETE FROM recomputes WHERE finished_at < now() - make_interval(days => $1) RETURNING recompute_id
