-- name: shards
SELECT shards FROM actor_epoch WHERE shard = 0

-- name: change
SELECT change_shards($1)

-- name: waits
SELECT oldest_waiting() < 9223372036854775807

-- name: close
DELETE FROM actor_epoch
