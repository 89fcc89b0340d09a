-- name: page
SELECT dead_letter_id, received_at, stage, event_id, event_type, reason, errors, schema_version, raw, is_whole, replayed_at
FROM dead_letters
WHERE dead_letter_id < $1
    AND ($2::text IS NULL OR stage = $2)
    AND ($3::text IS NULL OR reason = $3)
    AND ($4::text IS NULL OR event_type = $4)
    AND ($5::text IS NULL OR event_id = $5)
    AND ($6::bigint[] IS NULL OR dead_letter_id = ANY($6))
    AND ($7::boolean IS NULL OR (replayed_at IS NOT NULL) = $7)
ORDER BY dead_letter_id DESC
LIMIT $8

-- name: counts
SELECT stage, reason, event_type, errors -> 0 ->> 'pointer' AS pointer, count(*) AS events,
    min(received_at) AS first_at, max(received_at) AS last_at, max(dead_letter_id) AS newest_id
FROM dead_letters
WHERE replayed_at IS NULL
GROUP BY stage, reason, event_type, errors -> 0 ->> 'pointer'
ORDER BY events DESC, newest_id DESC
LIMIT $1

-- name: mark_replayed
UPDATE dead_letters SET replayed_at = now() WHERE dead_letter_id = ANY($1::bigint[])

-- name: violations
SELECT schema[1] AS event_name, schema[2]::bigint AS version, errors -> 0 ->> 'pointer' AS pointer,
    min(errors -> 0 ->> 'detail') AS example, count(*) AS events, max(received_at) AS last_at
FROM dead_letters
-- How `ingest.property_checks` ends what it says of a violation.
CROSS JOIN LATERAL regexp_match(errors -> 0 ->> 'detail', '\(schema (.*)@(\d{1,9})\)$') AS schema
WHERE reason = 'schema_violation' AND replayed_at IS NULL AND received_at >= $1 AND received_at < $2
    AND schema IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY events DESC, event_name, version, pointer
LIMIT $3
