-- name: ready
SELECT conversion_id, event FROM conversions
WHERE revision = 0 AND failure IS NULL AND shard % $2 = $1 AND spool_id < (SELECT oldest_waiting())
ORDER BY spool_id, conversion_id LIMIT $3

-- name: requeued
SELECT r.requeue_id, r.cause, c.conversion_id, c.event
FROM attribution_requeues AS r INNER JOIN conversions AS c ON c.conversion_id = r.conversion_id
-- One that waits for its first result gets it first.
WHERE r.shard % $2 = $1 AND (c.revision > 0 OR c.failure IS NOT NULL)
ORDER BY r.requeue_id LIMIT $3

-- name: has_pending
SELECT EXISTS (SELECT 1 FROM conversions WHERE revision = 0 AND failure IS NULL AND shard % $2 = $1)
    OR EXISTS (SELECT 1 FROM attribution_requeues WHERE shard % $2 = $1)

-- name: watch
INSERT INTO conversion_keys (key_hash, conversion_id, shard, conversion_time, settles_at, is_alike)
SELECT u.key_hash, c.conversion_id, c.shard, c.conversion_time, c.received_at + $4::interval, u.is_alike
FROM unnest($1::bigint[], $2::text[], $3::boolean[]) AS u (key_hash, conversion_id, is_alike)
INNER JOIN conversions AS c ON c.conversion_id = u.conversion_id
WHERE c.received_at + $4::interval > now()
ON CONFLICT DO NOTHING

-- name: watched
SELECT DISTINCT key_hash FROM conversion_keys WHERE settles_at > now() - interval '1 day'

-- name: forget_watched
DELETE FROM conversion_keys WHERE settles_at < now() - interval '1 day'

-- name: record
WITH results AS (
    SELECT u.id, u.cause, u.is_organic, u.media_source, u.campaign, u.match_type, u.policy_version, u.model_version,
        u.result
    FROM unnest(
        $3::text[], $4::text[], $5::boolean[], $6::text[], $7::text[], $8::text[], $9::integer[], $10::text[],
        $11::text[]::jsonb[]
    ) AS u (id, cause, is_organic, media_source, campaign, match_type, policy_version, model_version, result)
    WHERE (SELECT assert_epoch($1, $2))
),
answered AS (
    DELETE FROM attribution_requeues WHERE requeue_id = ANY($12::bigint[]) AND (SELECT assert_epoch($1, $2))
),
-- The same answer makes no new revision; see attribution/revisions.py.
changed AS (
    SELECT r.* FROM results AS r
    INNER JOIN conversions AS c ON c.conversion_id = r.id
    LEFT JOIN attributions AS a ON a.conversion_id = r.id AND a.revision = c.revision
    WHERE a.result IS NULL
        OR (
            a.result
            #- CASE WHEN r.result ->> 'model_fallback' IS NULL THEN '{}' ELSE '{credits,data_driven}' END::text[]
        ) - '{candidates,policy_version,model_version,touch_credits,model_fallback,anomaly}'::text[]
        <> r.result - '{candidates,policy_version,model_version,touch_credits,model_fallback,anomaly}'::text[]
),
revised AS (
    UPDATE conversions AS c SET revision = c.revision + 1, failure = NULL FROM changed AS r
    WHERE c.conversion_id = r.id
    RETURNING c.conversion_id, c.revision
),
-- Who inherited from the answer before gets the new one; of the same portion, it has it already.
heirs AS (
    INSERT INTO attribution_requeues (conversion_id, shard, cause)
    SELECT DISTINCT heir.conversion_id, heir.shard, r.cause
    FROM changed AS r
    INNER JOIN revised AS v ON v.conversion_id = r.id AND v.revision > 1
    CROSS JOIN LATERAL (
        SELECT c.conversion_id, c.shard FROM attributions AS a
        INNER JOIN conversions AS c ON c.conversion_id = a.conversion_id AND c.revision = a.revision
        WHERE a.result ->> 'install_id' = r.id AND a.result ->> 'install_id' <> a.conversion_id
        OFFSET 0
    ) AS heir
    WHERE heir.conversion_id NOT IN (SELECT each.id FROM results AS each)
)
INSERT INTO attributions (
    conversion_id, revision, cause, is_organic, media_source, campaign, match_type, policy_version, model_version, result
)
SELECT r.id, v.revision, CASE WHEN v.revision = 1 THEN 'first' ELSE r.cause END, r.is_organic, r.media_source,
    r.campaign, r.match_type, r.policy_version, r.model_version, r.result
FROM changed AS r INNER JOIN revised AS v ON v.conversion_id = r.id

-- name: await_origins
-- An origin that is being decided by another shard is waited for: it either is decided now, or finds who awaits it.
WITH awaited AS (
    SELECT u.origin_id, u.heir_id FROM unnest($1::text[], $2::text[]) AS u (origin_id, heir_id)
),
noted AS (
    INSERT INTO awaited_origins (origin_id, heir_id) SELECT a.origin_id, a.heir_id FROM awaited AS a
    ON CONFLICT DO NOTHING
),
origins AS (
    SELECT conversion_id, revision FROM conversions WHERE conversion_id = ANY($1::text[]) ORDER BY conversion_id FOR SHARE
)
INSERT INTO attribution_requeues (conversion_id, shard, cause)
SELECT DISTINCT heir.conversion_id, heir.shard, 'late_origin'
FROM awaited AS a
INNER JOIN origins AS o ON o.conversion_id = a.origin_id AND o.revision > 0
INNER JOIN conversions AS heir ON heir.conversion_id = a.heir_id
RETURNING conversion_id

-- name: requeue_heirs
WITH met AS (
    DELETE FROM awaited_origins WHERE origin_id = ANY($1::text[]) RETURNING heir_id
)
INSERT INTO attribution_requeues (conversion_id, shard, cause)
SELECT DISTINCT c.conversion_id, c.shard, 'late_origin'
FROM met INNER JOIN conversions AS c ON c.conversion_id = met.heir_id
RETURNING conversion_id

-- name: fail
WITH failed AS (
    SELECT f.id, f.reason FROM unnest($3::text[], $4::text[]) AS f (id, reason) WHERE (SELECT assert_epoch($1, $2))
),
given_up AS (
    DELETE FROM attribution_requeues AS r WHERE r.requeue_id = ANY($6::bigint[]) AND r.tries + 1 >= $5
),
tried AS (
    UPDATE attribution_requeues AS r SET tries = r.tries + 1
    WHERE r.requeue_id = ANY($6::bigint[]) AND r.tries + 1 < $5
)
UPDATE conversions AS c SET tries = c.tries + 1, failure = CASE WHEN c.tries + 1 >= $5 THEN f.reason END
FROM failed AS f WHERE c.conversion_id = f.id AND c.revision = 0

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

-- name: failed
SELECT c.conversion_id, c.conversion_type, c.conversion_time, c.received_at, c.revision, c.failure, c.event,
    NULL AS attributed_at, NULL AS result
FROM conversions AS c
WHERE c.failure IS NOT NULL AND (c.conversion_time, c.conversion_id) < ($1, $2)
ORDER BY c.conversion_time DESC, c.conversion_id DESC
LIMIT $3

-- name: retry
WITH waiting AS (
    UPDATE conversions SET failure = NULL, tries = 0
    WHERE failure IS NOT NULL AND ($1::text[] IS NULL OR conversion_id = ANY($1))
    RETURNING conversion_id
)
SELECT count(*) FROM waiting

-- name: revisions
SELECT revision, cause, attributed_at, policy_version, model_version, result FROM attributions
WHERE conversion_id = $1 ORDER BY revision
-- name: origins
-- With what a recomputation would make of them, if one is named.
SELECT c.conversion_id, c.event, c.failure IS NOT NULL AS is_given_up, (a.result - 'candidates') || coalesce((
    SELECT jsonb_object_agg(changed.key, changed.value -> 1)
    FROM recompute_moves AS m CROSS JOIN LATERAL jsonb_each(m.changes) AS changed
    WHERE m.recompute_id = $2 AND m.conversion_id = c.conversion_id
), '{}') AS result
FROM conversions AS c
LEFT JOIN attributions AS a ON a.conversion_id = c.conversion_id AND a.revision = c.revision
WHERE c.conversion_id = ANY($1::text[])

