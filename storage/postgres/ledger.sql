-- name: rows
SELECT date_trunc($3, minute, 'UTC') AS time, sum(received)::bigint AS received, sum(accepted)::bigint AS accepted,
    sum(duplicates)::bigint AS duplicates, sum(rejected)::bigint AS rejected, sum(stored)::bigint AS stored,
    sum(quarantined)::bigint AS quarantined
FROM ledger
WHERE minute >= $1 AND minute < $2
GROUP BY 1
ORDER BY 1
