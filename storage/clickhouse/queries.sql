-- name: tables_there
SELECT name FROM system.tables WHERE database = {database:String}

-- name: tables_among
SELECT count() FROM system.tables WHERE database = {database:String} AND name IN {names:Array(String)}

-- name: table_engine
SELECT engine, engine_full FROM system.tables WHERE database = {database:String} AND name = {table:String}

-- name: stored_among
SELECT event_id FROM {events} WHERE event_time BETWEEN {since} AND {until} AND xxh3(event_id) IN ({hashes})

-- name: feed_select
SELECT as_select FROM system.tables WHERE database = {database:String} AND name = {table:String}

-- name: feed_touch_keys
INSERT INTO {touch_keys} (
    key_hash, touch_time, touch_id, touch_type, received_at, app_id, media_source, channel, campaign, campaign_id, adset, ad,
    site_id, consent, is_claimed, stored_at, ip, country, user_agent, platform
)
SELECT * FROM ({feed})
WHERE touch_time BETWEEN {since} AND {until} AND xxh3(touch_id) IN ({hashes}) AND (key_hash, touch_time, touch_id) NOT IN (
    SELECT key_hash, touch_time, touch_id FROM {touch_keys} WHERE touch_time BETWEEN {since} AND {until}
)

-- name: feed_install_keys
INSERT INTO {install_keys} SELECT * FROM ({feed})
WHERE install_time BETWEEN {since} AND {until} AND xxh3(install_id) IN ({hashes})
    AND (key_hash, install_time, install_id) NOT IN (
        SELECT key_hash, install_time, install_id FROM {install_keys} WHERE install_time BETWEEN {since} AND {until}
    )

-- name: installs
SELECT install_id, event_type, install_time, match_type, match_value, app_id
FROM {install_keys}
WHERE key_hash IN ({hashes}) AND install_time BETWEEN {since} AND {until}
ORDER BY key_hash, install_time DESC, install_id DESC
LIMIT {per_key} BY key_hash

-- name: devices
SELECT match_value, install_time, person_key
FROM {install_keys}
WHERE key_hash IN ({hashes}) AND install_time BETWEEN {since} AND {until} AND match_type = 'probabilistic'
ORDER BY key_hash, install_time DESC
LIMIT {per_key} BY key_hash

-- name: activity
SELECT
    xxh3(multiIf(
        device_id != '', concat('vendor_id:', device_id),
        gaid != '', concat('advertising_id:', gaid),
        idfa != '', concat('advertising_id:', idfa),
        idfv != '', concat('vendor_id:', idfv),
        oaid != '', concat('advertising_id:', oaid),
        concat('user_id:', user_id)
    )) AS person_key,
    app_id,
    event_time
FROM {events}
WHERE event_type IN ('session', 'install', 'reinstall', 'purchase') AND event_time BETWEEN {since} AND {until}
    AND person_key IN ({hashes})
ORDER BY event_time DESC
LIMIT {per_key} BY person_key, app_id

-- name: touches
-- Each touch once, with all the keys under which it was found.
SELECT touch_id, any(touch_type), touch_time, any(received_at), groupUniqArray(key_hash), any(app_id), any(media_source),
    any(channel), any(campaign), any(campaign_id), any(adset), any(ad), any(site_id), any(consent), any(is_claimed),
    any(platform), any(country), any(ip), any(user_agent)
FROM {touch_keys}
WHERE key_hash IN ({hashes}) AND touch_time BETWEEN {since} AND {until}
GROUP BY touch_id, touch_time

-- name: touches_alike
SELECT touch_id, touch_type, touch_time, received_at, [key_hash], app_id, media_source, channel, campaign, campaign_id, adset,
    ad, site_id, consent, is_claimed, platform, country, ip, user_agent
FROM {touch_keys}
WHERE key_hash IN ({hashes}) AND touch_time BETWEEN {since} AND {until}
ORDER BY key_hash, touch_time DESC, touch_id
LIMIT {per_key} BY key_hash

-- name: events_before
SELECT * FROM {events}
WHERE (received_at, event_id) < ({time:DateTime64(3, 'UTC')}, {event_id:String})
    AND ({event_type:String} = '' OR event_type = {event_type:String})
    AND ({chosen_id:String} = '' OR event_id = {chosen_id:String})
    AND ({event_name:String} = '' OR event_name = {event_name:String})
    AND ({media_source:String} = '' OR media_source = {media_source:String})
ORDER BY received_at DESC, event_id DESC
LIMIT 1 BY event_type, event_time, event_id
LIMIT {limit:UInt32}

-- name: events_after
SELECT * FROM {events}
WHERE (received_at, event_id) > ({time:DateTime64(3, 'UTC')}, {event_id:String})
    AND ({event_type:String} = '' OR event_type = {event_type:String})
    AND ({chosen_id:String} = '' OR event_id = {chosen_id:String})
    AND ({event_name:String} = '' OR event_name = {event_name:String})
    AND ({media_source:String} = '' OR media_source = {media_source:String})
ORDER BY received_at, event_id
LIMIT {limit:UInt32}

-- name: event_keys
SELECT event_type, event_time, event_id FROM {events}
WHERE received_at >= {since:DateTime64(3, 'UTC')}
    AND (received_at, event_id) <= ({time:DateTime64(3, 'UTC')}, {event_id:String})
    AND ({event_type:String} = '' OR event_type = {event_type:String})
    AND ({chosen_id:String} = '' OR event_id = {chosen_id:String})
    AND ({event_name:String} = '' OR event_name = {event_name:String})
    AND ({media_source:String} = '' OR media_source = {media_source:String})
ORDER BY received_at DESC, event_id DESC
LIMIT {limit:UInt32}

-- name: events_of
SELECT * FROM {events}
WHERE received_at >= {since:DateTime64(3, 'UTC')} AND event_id IN {ids:Array(String)}
ORDER BY received_at, event_id
LIMIT 1 BY event_type, event_time, event_id

-- name: violations
SELECT event_name, splitByChar(' ', schema_violation)[1] AS pointer, min(schema_violation) AS example,
    uniqExact(event_id) AS events, max(received_at) AS last_at
FROM {events}
WHERE schema_violation != ''
    AND received_at >= {since:DateTime64(3, 'UTC')} AND received_at < {until:DateTime64(3, 'UTC')}
GROUP BY event_name, pointer
ORDER BY events DESC, event_name, pointer
LIMIT {limit:UInt32}

-- name: drop_table
DROP TABLE IF EXISTS {table} SYNC
