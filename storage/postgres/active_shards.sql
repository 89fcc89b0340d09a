-- name: enter
INSERT INTO active_shards (tenant_id, shard, shards) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

-- name: leave
DELETE FROM active_shards WHERE tenant_id = $1 AND shard = $2 AND shards = $3

-- name: all
SELECT tenant_id, shard, shards FROM active_shards ORDER BY activated_at
