-- A day's fingerprint is how many rows it has, and the sum and the exclusive or of a hash of each row's identity: the
-- order of rows does not matter, and with any other row it is another. Of rows that are one to ClickHouse the last stands,
-- and the two differ at least in when they were received, so that a file holds what a reader would see.

-- name: months
SELECT DISTINCT _partition_id FROM {table} ORDER BY _partition_id

-- name: fingerprints
SELECT day, count(), sum(identity), groupBitXor(identity)
FROM (SELECT toDate({time}, 'UTC') AS day, sipHash64({identity}) AS identity FROM {table} FINAL WHERE {asked_for})
GROUP BY day ORDER BY day

-- name: columns
SELECT {columns} FROM {table} LIMIT 0

-- name: rows
SELECT {columns} FROM {table} FINAL WHERE {asked_for} ORDER BY {order}

-- name: asked_for
{time} >= toDateTime64({since:Date}, 3, 'UTC') AND {time} < toDateTime64({until:Date}, 3, 'UTC')

-- name: events_identity
event_id, received_at, {joined_person}

-- name: events_columns
* EXCEPT (batch_id), {joined_person} AS person_key

-- name: events_order
event_type, event_time, event_id

-- name: attributions_identity
conversion_id, revision, {joined_key}

-- name: attributions_columns
* REPLACE ({joined_key} AS person_key)

-- name: attributions_order
conversion_time, conversion_id
