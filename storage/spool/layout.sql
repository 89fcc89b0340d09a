-- name: shards
SELECT shards FROM actor_epoch WHERE shard = 0

-- name: change
SELECT change_shards($1)
