-- name: sizes
SELECT table, sum(bytes_on_disk) AS bytes, sum(rows) AS rows FROM system.parts
WHERE active AND database = {database:String} AND table IN {tables:Array(String)}
GROUP BY table
