-- name: list_versions
SELECT kind, version FROM fraud_lists

-- name: lists
SELECT kind, entries FROM fraud_lists

-- name: list
SELECT version, entries, updated_by, updated_at FROM fraud_lists WHERE kind = $1

-- name: replace_list
INSERT INTO fraud_lists AS l (kind, entries, updated_by) VALUES ($1, $2, $3)
ON CONFLICT (kind) DO UPDATE SET
    entries = excluded.entries, updated_by = excluded.updated_by, updated_at = now(), version = l.version + 1
RETURNING version, entries, updated_by, updated_at

-- name: sites
SELECT app_id, media_source, site_id, explanation, evidence FROM fraud_sites

-- name: assert_leads
SELECT assert_epoch(0::smallint, $1)

-- name: clear_sites
DELETE FROM fraud_sites

-- name: add_sites
INSERT INTO fraud_sites (app_id, media_source, site_id, explanation, evidence)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[])

-- name: label
INSERT INTO fraud_labels AS l (conversion_id, rule, is_fraud, note, labelled_by)
SELECT DISTINCT f.conversion_id, f.rule, $3::boolean, $4, $5
FROM fraud_findings AS f
WHERE f.conversion_id = $1 AND ($2::text IS NULL OR f.rule = $2)
ON CONFLICT (conversion_id, rule) DO UPDATE SET
    is_fraud = excluded.is_fraud, note = excluded.note, labelled_by = excluded.labelled_by, labelled_at = now()
RETURNING l.conversion_id, l.rule, l.is_fraud, l.note, l.labelled_by, l.labelled_at

-- Conditions and dimensions are put in by `fraud_findings.py`: names of columns from a fixed list, and bound values.

-- name: condition_is
f.{column} = ANY(${place}::text[])

-- name: condition_is_not
f.{column} <> ALL(${place}::text[])

-- name: condition_contains
f.{column} ILIKE ANY(${place}::text[])

-- name: condition_contains_not
f.{column} NOT ILIKE ALL(${place}::text[])

-- name: findings
-- `moved`: who has, or with the rules in shadow on would have, the conversion is not who claimed it.
SELECT {dimensions} f.rule, f.mode,
    count(DISTINCT f.conversion_id) AS conversions,
    count(DISTINCT f.conversion_id) FILTER (WHERE f.is_of_claim) AS claims,
    count(DISTINCT f.conversion_id) FILTER (WHERE f.is_of_claim AND f.goes_to <> f.claimed_media_source) AS moved,
    count(DISTINCT f.conversion_id) FILTER (WHERE l.is_fraud) AS confirmed,
    count(DISTINCT f.conversion_id) FILTER (WHERE NOT l.is_fraud) AS refuted
FROM fraud_findings AS f
LEFT JOIN fraud_labels AS l ON l.conversion_id = f.conversion_id AND l.rule = f.rule
WHERE f.conversion_time >= $1 AND f.conversion_time < $2 {conditions}
GROUP BY {groups} f.rule, f.mode
ORDER BY {order} f.rule, f.mode LIMIT $3

-- name: findings_by_source
SELECT f.claimed_media_source AS media_source, '' AS site_id, f.rule, f.mode, count(DISTINCT f.conversion_id) AS claims
FROM fraud_findings AS f
WHERE f.conversion_time >= $1 AND f.conversion_time < $2 AND f.is_of_claim {conditions}
GROUP BY f.claimed_media_source, f.rule, f.mode
ORDER BY claims DESC, media_source, f.rule, f.mode LIMIT $3

-- name: findings_by_site
SELECT f.claimed_media_source AS media_source, f.claimed_site_id AS site_id, f.rule, f.mode,
    count(DISTINCT f.conversion_id) AS claims
FROM fraud_findings AS f
WHERE f.conversion_time >= $1 AND f.conversion_time < $2 AND f.is_of_claim {conditions}
GROUP BY f.claimed_media_source, f.claimed_site_id, f.rule, f.mode
ORDER BY claims DESC, media_source, site_id, f.rule, f.mode LIMIT $3

-- name: findings_by_day
SELECT (f.conversion_time AT TIME ZONE $3)::date AS day, f.rule, f.mode, count(DISTINCT f.conversion_id) AS claims
FROM fraud_findings AS f
WHERE f.conversion_time >= $1 AND f.conversion_time < $2 AND f.is_of_claim {conditions}
GROUP BY day, f.rule, f.mode
ORDER BY day, f.rule, f.mode

-- name: moves
-- What the rules move, or in shadow would move: from whom to whom.
SELECT f.mode, f.claimed_media_source AS from_media_source, f.goes_to AS to_media_source,
    count(DISTINCT f.conversion_id) AS conversions
FROM fraud_findings AS f
WHERE f.conversion_time >= $1 AND f.conversion_time < $2 AND f.is_of_claim AND f.goes_to <> f.claimed_media_source
    {conditions}
GROUP BY f.mode, f.claimed_media_source, f.goes_to
ORDER BY conversions DESC, from_media_source, to_media_source, f.mode LIMIT $3

-- name: add_review
INSERT INTO fraud_reviews (since, until)
SELECT $1, $2 WHERE (SELECT count(*) FROM fraud_reviews WHERE state IN ('queued', 'running')) < $3
RETURNING *

-- name: review
SELECT * FROM fraud_reviews WHERE review_id = $1

-- name: reviews
SELECT * FROM fraud_reviews ORDER BY created_at DESC, review_id LIMIT $1

-- name: has_unfinished_reviews
SELECT EXISTS (SELECT 1 FROM fraud_reviews WHERE state IN ('queued', 'running'))

-- name: schedule_review
-- One of its own accord where none was for a while, and installs came since.
INSERT INTO fraud_reviews (since, until)
SELECT now() - $1::interval, now()
WHERE NOT EXISTS (SELECT 1 FROM fraud_reviews WHERE created_at > now() - $2::interval)
    AND EXISTS (
        SELECT 1 FROM conversions
        WHERE conversion_time > now() - $1::interval AND conversion_type IN ('install', 'reinstall')
    )

-- name: begin_review
UPDATE fraud_reviews SET state = 'running'
WHERE review_id = (
    SELECT review_id FROM fraud_reviews WHERE state IN ('queued', 'running') ORDER BY created_at, review_id LIMIT 1
)
RETURNING *

-- name: record_review
UPDATE fraud_reviews SET sites = $3, judged = $4, changed = $5, at_time = $6, at_id = $7
WHERE review_id = $2 AND state = 'running' AND (SELECT assert_epoch(0::smallint, $1))

-- name: requeue_reviewed
INSERT INTO attribution_requeues (conversion_id, shard, cause)
SELECT c.conversion_id, c.shard, 'fraud' FROM conversions AS c WHERE c.conversion_id = ANY($1::text[])

-- name: finish_review
UPDATE fraud_reviews SET state = $3, error = $4, finished_at = now()
WHERE review_id = $2 AND state = 'running' AND (SELECT assert_epoch(0::smallint, $1))

-- name: conversions
SELECT f.conversion_id, f.conversion_time, min(f.claimed_media_source) AS claimed_media_source,
    min(f.claimed_campaign) AS claimed_campaign, min(f.claimed_site_id) AS claimed_site_id,
    jsonb_agg(jsonb_build_object(
        'rule', f.rule, 'mode', f.mode, 'touch_id', nullif(f.touch_id, ''), 'goes_to', f.goes_to,
        'explanation', f.explanation, 'evidence', f.evidence, 'is_fraud', l.is_fraud
    ) ORDER BY f.rule, f.touch_id)::text AS findings
FROM fraud_findings AS f LEFT JOIN fraud_labels AS l USING (conversion_id, rule)
WHERE f.is_of_claim AND f.conversion_time >= $1 AND f.conversion_time < $2
    AND ($3::text IS NULL OR f.rule = $3)
    AND (f.conversion_time, f.conversion_id) < ($4, $5) {conditions}
GROUP BY f.conversion_id, f.conversion_time
ORDER BY f.conversion_time DESC, f.conversion_id DESC
LIMIT $6
