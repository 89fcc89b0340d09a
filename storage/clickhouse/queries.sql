-- name: table_engine
SELECT engine, engine_full FROM system.tables WHERE database = {database:String} AND name = {table:String}

-- name: stored_among
SELECT event_id FROM {events} WHERE event_time BETWEEN {since} AND {until} AND xxh3(event_id) IN ({hashes})

-- name: touch_keys_select
SELECT as_select FROM system.tables WHERE database = {database:String} AND name = {table:String}

-- name: feed_touch_keys
INSERT INTO {touch_keys} SELECT * FROM ({feed})
WHERE touch_time BETWEEN {since} AND {until} AND xxh3(touch_id) IN ({hashes}) AND (key_hash, touch_time, touch_id) NOT IN (
    SELECT key_hash, touch_time, touch_id FROM {touch_keys} WHERE touch_time BETWEEN {since} AND {until}
)

-- name: touches
SELECT touch_id, touch_type, touch_time, received_at, match_type, match_value, app_id, media_source,
    channel, campaign, campaign_id, adset, ad, site_id
FROM {touch_keys}
WHERE key_hash IN ({hashes}) AND touch_time BETWEEN {since} AND {until}
ORDER BY key_hash, touch_time, touch_id
LIMIT 1 BY key_hash, touch_time, touch_id

-- name: events_before
SELECT * FROM {events}
WHERE (received_at, event_id) < ({time:DateTime64(3, 'UTC')}, {event_id:String})
    AND ({event_type:String} = '' OR event_type = {event_type:String})
ORDER BY received_at DESC, event_id DESC
LIMIT 1 BY event_type, event_time, event_id
LIMIT {limit:UInt32}

-- name: events_after
SELECT * FROM {events}
WHERE (received_at, event_id) > ({time:DateTime64(3, 'UTC')}, {event_id:String})
    AND ({event_type:String} = '' OR event_type = {event_type:String})
ORDER BY received_at, event_id
LIMIT {limit:UInt32}
