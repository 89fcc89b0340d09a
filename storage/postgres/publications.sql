-- name: next
WITH waiting AS MATERIALIZED (
    SELECT position, conversion_id, revision FROM unpublished_results
    WHERE failure IS NULL AND shard % $2 = $1
    ORDER BY position LIMIT $3
)
SELECT w.position, w.revision, c.event, a.result
FROM waiting AS w
INNER JOIN conversions AS c ON c.conversion_id = w.conversion_id
INNER JOIN attributions AS a ON a.conversion_id = w.conversion_id AND a.revision = w.revision
ORDER BY w.position

-- name: done
DELETE FROM unpublished_results WHERE position = ANY($1::bigint[])

-- name: fail
UPDATE unpublished_results SET failure = $2 WHERE position = $1

-- name: has_waiting
SELECT EXISTS (SELECT 1 FROM unpublished_results WHERE failure IS NULL AND shard % $2 = $1)
