-- name: take_epoch
UPDATE actor_epoch SET epoch = epoch + 1 WHERE shard = $1 AND shards = $2 RETURNING epoch

-- name: assert_epoch
SELECT assert_epoch($1, $2)

-- name: append
-- Arrays of text: asyncpg writes those itself, and asks Python about each element of the others.
SELECT spool_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text[]::timestamptz[], $13::text[]::jsonb[])

-- name: seal
SELECT shard, batch_id, first_spool_id, last_spool_id, events, sealed_at FROM seal_batch($1, $2, $3, $4, $5, $6)

-- name: writers_left
SELECT e.shard FROM actor_epoch AS e
WHERE e.shard <> $1 AND e.shard % $2 = $1
    AND EXISTS (SELECT 1 FROM event_spool AS s WHERE s.shard = e.shard AND s.spool_id > sealed_up_to(e.shard))
ORDER BY e.shard

-- name: unfinished
SELECT shard, batch_id, first_spool_id, last_spool_id, events, sealed_at FROM store_batches
WHERE stored_at IS NULL AND shard % $2 = $1
ORDER BY last_spool_id

-- name: frames
SELECT frames FROM event_spool WHERE shard = $1 AND spool_id BETWEEN $2 AND $3 ORDER BY spool_id

-- name: mark_stored
WITH noted AS (
    INSERT INTO event_hours (hour) SELECT unnest($3::timestamptz[])
    ON CONFLICT (hour) DO UPDATE SET stored_at = excluded.stored_at
)
SELECT finish_batch($1, $2)

-- name: requeue_late
SELECT requeue_late($1, $2::bigint[], $3::timestamptz[])

-- name: watches
SELECT EXISTS (SELECT 1 FROM conversion_keys WHERE settles_at > now() - interval '1 day')

-- name: oldest_waiting
SELECT oldest_waiting()

-- name: backlog
SELECT coalesce(sum(octet_length(s.frames)), 0) AS bytes, coalesce(sum(s.events), 0) AS events,
    coalesce(extract(epoch FROM now() - min(s.committed_at)), 0)::float8 AS age_seconds
FROM actor_epoch AS e INNER JOIN event_spool AS s ON s.shard = e.shard AND s.spool_id > stored_up_to(e.shard)
WHERE e.shard % $2 = $1

-- name: newest
SELECT coalesce(max(newest.spool_id), 0) FROM actor_epoch AS e CROSS JOIN LATERAL (
    SELECT s.spool_id FROM event_spool AS s WHERE s.shard = e.shard ORDER BY s.spool_id DESC LIMIT 1
) AS newest

-- name: recent_hashes
SELECT committed_at, hashes FROM event_hashes WHERE committed_at > now() - make_interval(days => $1) ORDER BY spool_id

-- name: accepted_today
SELECT coalesce(sum(accepted), 0)::bigint FROM ledger
WHERE minute >= date_trunc('day', now(), 'UTC') AND shard % $2 = $1

-- name: settle
SELECT epoch FROM actor_epoch WHERE shard = $1 FOR UPDATE

-- name: committed_after
SELECT s.spool_id, s.committed_at, s.events, octet_length(s.frames) AS frames_bytes, h.hashes
FROM event_spool AS s INNER JOIN event_hashes AS h ON h.spool_id = s.spool_id
WHERE s.shard = $1 AND s.spool_id > $2
ORDER BY s.spool_id

-- name: keep_dead_letters
SELECT keep_dead_letters($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: forget_stored
WITH done AS (
    SELECT b.shard, b.first_spool_id, b.last_spool_id
    FROM actor_epoch AS e
    CROSS JOIN LATERAL (
        SELECT s.spool_id FROM event_spool AS s WHERE s.shard = e.shard ORDER BY s.spool_id LIMIT 1
    ) AS oldest
    -- Batches stay when their rows are gone: the search begins with the oldest row that is there.
    CROSS JOIN LATERAL (
        SELECT each.shard, each.first_spool_id, each.last_spool_id FROM store_batches AS each
        WHERE each.shard = e.shard AND each.last_spool_id >= oldest.spool_id
            AND each.stored_at < now() - make_interval(secs => $3)
        ORDER BY each.last_spool_id LIMIT 100
    ) AS b
    WHERE e.shard % $2 = $1
)
DELETE FROM event_spool AS s USING done
WHERE s.shard = done.shard AND s.spool_id BETWEEN done.first_spool_id AND done.last_spool_id

-- name: forget_batches
-- A shard's newest batch says up to which row it has sealed and stored: it stays.
DELETE FROM store_batches AS b USING (
    SELECT each.shard, each.last_spool_id
    FROM actor_epoch AS e
    CROSS JOIN LATERAL (
        SELECT s.shard, s.last_spool_id FROM store_batches AS s
        WHERE s.shard = e.shard AND s.stored_at < now() - make_interval(secs => $3)
            AND s.last_spool_id < stored_up_to(e.shard)
            AND NOT EXISTS (
                SELECT 1 FROM event_spool AS r
                WHERE r.shard = s.shard AND r.spool_id BETWEEN s.first_spool_id AND s.last_spool_id
            )
        ORDER BY s.last_spool_id LIMIT 1000
    ) AS each
    WHERE e.shard % $2 = $1
) AS done
WHERE b.shard = done.shard AND b.last_spool_id = done.last_spool_id

-- name: forget_hashes
-- The oldest are those of the lowest ids: so that nobody reads all of them to find that none is old.
DELETE FROM event_hashes WHERE spool_id IN (
    SELECT oldest.spool_id
    FROM (SELECT h.spool_id, h.committed_at FROM event_hashes AS h ORDER BY h.spool_id LIMIT 1000) AS oldest
    WHERE oldest.committed_at < now() - make_interval(days => $1)
)

-- name: forget_dead_letters
DELETE FROM dead_letters
WHERE received_at < now() - make_interval(days => $1)
    OR dead_letter_id <= (SELECT d.dead_letter_id FROM dead_letters AS d ORDER BY d.dead_letter_id DESC OFFSET $2 LIMIT 1)
