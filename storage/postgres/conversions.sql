-- name: ready
SELECT conversion_id, event FROM conversions
WHERE revision = 0 AND failure IS NULL AND shard % $2 = $1 AND spool_id < (SELECT oldest_waiting())
ORDER BY spool_id, conversion_id LIMIT $3

-- name: has_pending
SELECT EXISTS (SELECT 1 FROM conversions WHERE revision = 0 AND failure IS NULL AND shard % $2 = $1)

-- name: record
WITH results AS (
    SELECT u.id, u.is_organic, u.media_source, u.campaign, u.match_type, u.policy_version, u.model_version, u.result
    FROM unnest($3::text[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::text[], $10::jsonb[])
        AS u (id, is_organic, media_source, campaign, match_type, policy_version, model_version, result)
    WHERE (SELECT assert_epoch($1, $2))
),
revised AS (
    UPDATE conversions AS c SET revision = c.revision + 1 FROM results AS r
    WHERE c.conversion_id = r.id
    RETURNING c.conversion_id, c.revision
)
INSERT INTO attributions (
    conversion_id, revision, is_organic, media_source, campaign, match_type, policy_version, model_version, result
)
SELECT r.id, v.revision, r.is_organic, r.media_source, r.campaign, r.match_type, r.policy_version, r.model_version, r.result
FROM results AS r INNER JOIN revised AS v ON v.conversion_id = r.id

-- name: fail
UPDATE conversions AS c SET tries = c.tries + 1, failure = CASE WHEN c.tries + 1 >= $5 THEN f.reason END
FROM unnest($3::text[], $4::text[]) AS f (id, reason)
WHERE c.conversion_id = f.id AND c.revision = 0 AND (SELECT assert_epoch($1, $2))

-- name: counts
SELECT
    (SELECT count(*) FROM conversions WHERE revision = 0 AND failure IS NULL) AS pending,
    (SELECT count(*) FROM conversions WHERE failure IS NOT NULL) AS failed

-- name: one
SELECT c.conversion_id, c.conversion_type, c.conversion_time, c.received_at, c.revision, c.failure, c.event,
    a.attributed_at, a.result
FROM conversions AS c
LEFT JOIN attributions AS a ON a.conversion_id = c.conversion_id AND a.revision = c.revision
WHERE c.conversion_id = $1

-- name: page
SELECT c.conversion_id, c.conversion_type, c.conversion_time, c.received_at, c.revision, c.failure, c.event,
    a.attributed_at, a.result
FROM conversions AS c
INNER JOIN attributions AS a ON a.conversion_id = c.conversion_id AND a.revision = c.revision
WHERE (c.conversion_time, c.conversion_id) < ($1, $2)
    AND c.conversion_time >= $3
    AND ($4::text IS NULL OR c.conversion_type = $4)
    AND ($5::text IS NULL OR a.media_source = $5)
    AND ($6::text IS NULL OR a.campaign = $6)
    AND ($7::boolean IS NULL OR a.is_organic = $7)
ORDER BY c.conversion_time DESC, c.conversion_id DESC
LIMIT $8

-- name: origins
SELECT c.conversion_id, c.event, a.result - 'candidates' AS result
FROM conversions AS c
LEFT JOIN attributions AS a ON a.conversion_id = c.conversion_id AND a.revision = c.revision
WHERE c.conversion_id = ANY($1::text[]) AND c.failure IS NULL
