-- name: take_epoch
UPDATE actor_epoch SET epoch = epoch + 1 RETURNING epoch

-- name: append
SELECT spool_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text[]::timestamptz[], $12)

-- name: seal
SELECT batch_id, first_spool_id, last_spool_id, events FROM seal_batch($1, $2, $3, $4)

-- name: unfinished
SELECT batch_id, first_spool_id, last_spool_id, events FROM store_batches WHERE stored_at IS NULL ORDER BY last_spool_id

-- name: frames
SELECT frames FROM event_spool WHERE spool_id BETWEEN $1 AND $2 ORDER BY spool_id

-- name: mark_stored
SELECT finish_batch($1, $2)

-- name: backlog
WITH stored AS (
    SELECT coalesce(max(b.last_spool_id), 0) AS spool_id FROM store_batches AS b WHERE b.stored_at IS NOT NULL
)
SELECT coalesce(sum(octet_length(s.frames)), 0) AS bytes, coalesce(sum(s.events), 0) AS events,
    coalesce(max(s.spool_id), min(stored.spool_id)) AS newest_spool_id, min(stored.spool_id) AS stored_spool_id,
    coalesce(extract(epoch FROM now() - min(s.committed_at)), 0)::float8 AS age_seconds
FROM stored LEFT JOIN event_spool AS s ON s.spool_id > stored.spool_id

-- name: recent_hashes
SELECT committed_at, hashes FROM event_hashes WHERE committed_at > now() - make_interval(days => $1) ORDER BY spool_id

-- name: accepted_today
SELECT coalesce(sum(accepted), 0)::bigint FROM ledger WHERE minute >= date_trunc('day', now(), 'UTC')

-- name: settle
SELECT epoch FROM actor_epoch FOR UPDATE

-- name: committed_after
SELECT s.spool_id, s.committed_at, s.events, octet_length(s.frames) AS frames_bytes, h.hashes
FROM event_spool AS s INNER JOIN event_hashes AS h ON h.spool_id = s.spool_id
WHERE s.spool_id > $1
ORDER BY s.spool_id

-- name: keep_dead_letters
SELECT keep_dead_letters($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: forget_stored
WITH done AS (
    SELECT b.first_spool_id, b.last_spool_id FROM store_batches AS b
    WHERE b.stored_at < now() - make_interval(secs => $1)
    ORDER BY b.last_spool_id LIMIT 100
)
DELETE FROM event_spool AS s USING done
WHERE s.spool_id BETWEEN done.first_spool_id AND done.last_spool_id

-- name: forget_hashes
DELETE FROM event_hashes WHERE spool_id IN (
    SELECT h.spool_id FROM event_hashes AS h WHERE h.committed_at < now() - make_interval(days => $1) LIMIT 1000
)

-- name: forget_dead_letters
DELETE FROM dead_letters
WHERE received_at < now() - make_interval(days => $1)
    OR dead_letter_id <= (SELECT d.dead_letter_id FROM dead_letters AS d ORDER BY d.dead_letter_id DESC OFFSET $2 LIMIT 1)
