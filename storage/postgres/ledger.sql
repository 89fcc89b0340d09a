-- name: rows
SELECT date_trunc($3, minute, 'UTC') AS time, sum(received)::bigint AS received, sum(accepted)::bigint AS accepted,
    sum(duplicates)::bigint AS duplicates, sum(rejected)::bigint AS rejected, sum(stored)::bigint AS stored,
    sum(quarantined)::bigint AS quarantined
FROM ledger
WHERE minute >= $1 AND minute < $2
GROUP BY 1
ORDER BY 1

-- name: freshness
WITH waiting AS (
    SELECT coalesce(sum(s.events), 0)::bigint AS events, coalesce(sum(octet_length(s.frames)), 0)::bigint AS bytes,
        coalesce(extract(epoch FROM now() - min(s.committed_at)), 0)::float8 AS age_seconds
    FROM actor_epoch AS e INNER JOIN event_spool AS s ON s.shard = e.shard AND s.spool_id > stored_up_to(e.shard)
)
SELECT
    -- Stored rows leave the spool after a while; the ledger keeps their minutes.
    greatest((SELECT max(minute) FROM ledger), (
        SELECT max(newest.committed_at) FROM actor_epoch AS e CROSS JOIN LATERAL (
            SELECT s.committed_at FROM event_spool AS s WHERE s.shard = e.shard ORDER BY s.spool_id DESC LIMIT 1
        ) AS newest
    )) AS received_at,
    (
        SELECT max(newest.stored_at) FROM actor_epoch AS e CROSS JOIN LATERAL (
            SELECT b.stored_at FROM store_batches AS b
            WHERE b.shard = e.shard AND b.stored_at IS NOT NULL ORDER BY b.last_spool_id DESC LIMIT 1
        ) AS newest
    ) AS stored_at,
    events AS waiting_events, bytes AS waiting_bytes, age_seconds AS waiting_age_seconds
FROM waiting
