-- name: enter
-- Entering again makes it another's: who entered before strikes nothing out.
INSERT INTO active_shards (tenant_id, shard, shards) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, shard, shards) DO UPDATE SET activated_at = clock_timestamp()
RETURNING activated_at

-- name: leave
DELETE FROM active_shards WHERE tenant_id = $1 AND shard = $2 AND shards = $3 AND activated_at = $4

-- name: all
SELECT tenant_id, shard, shards FROM active_shards ORDER BY activated_at

-- name: page
SELECT tenant_id, shard, shards, activated_at FROM active_shards
WHERE (tenant_id, shard, shards) > ($1, $2, $3) AND ($4::text IS NULL OR tenant_id = $4)
ORDER BY tenant_id, shard, shards
LIMIT $5
