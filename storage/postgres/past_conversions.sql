-- name: portion
SELECT c.conversion_id, c.conversion_time, c.event, a.result
FROM conversions AS c
INNER JOIN attributions AS a ON a.conversion_id = c.conversion_id AND a.revision = c.revision
WHERE c.conversion_time >= $1 AND c.conversion_time < $2
    AND ($3::timestamptz IS NULL OR (c.conversion_time, c.conversion_id) > ($3, $4))
ORDER BY c.conversion_time, c.conversion_id
LIMIT $5

-- name: some
SELECT c.conversion_id, c.conversion_time, c.event, a.result
FROM conversions AS c
INNER JOIN attributions AS a ON a.conversion_id = c.conversion_id AND a.revision = c.revision
WHERE c.conversion_id = ANY($1::text[])
