-- name: snapshots
SELECT DISTINCT _partition_id FROM {install_values} ORDER BY toUInt64(_partition_id)

-- name: drop_snapshot
ALTER TABLE {install_values} DROP PARTITION ID {partition_id:String}
