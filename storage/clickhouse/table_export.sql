-- name: partitions
SELECT DISTINCT partition_id FROM system.parts
WHERE active AND database = {database:String} AND table = {table:String} AND rows > 0
ORDER BY partition_id

-- name: partition
SELECT * FROM {table} WHERE _partition_id = {partition_id:String}
