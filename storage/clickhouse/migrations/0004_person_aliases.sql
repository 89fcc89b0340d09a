-- Which ids are one person's: each id that identity merging joined, and the id by which the person goes, both as
-- xxh3('kind:value'). An id without a row is its own person. A later version replaces an earlier one.
CREATE TABLE IF NOT EXISTS {person_aliases} (
    alias_key UInt64,
    person_key UInt64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY alias_key
SETTINGS non_replicated_deduplication_window = 10000;

-- When a touch was stored, so that those of one batch are found without reading it; an index of it, because it is no
-- part of the key: parts that are older are passed over.
ALTER TABLE {touch_keys} ADD COLUMN IF NOT EXISTS stored_at DateTime64(3, 'UTC');

ALTER TABLE {touch_keys} ADD INDEX IF NOT EXISTS touch_keys_stored_at stored_at TYPE minmax GRANULARITY 64;

-- Whoever has no user id yet is filed under the anonymous one in its place, with a prefix.
ALTER TABLE {touch_keys_feed} MODIFY QUERY
SELECT
    xxh3(concat(match_key.1, ':', match_key.2)) AS key_hash,
    event_time AS touch_time,
    event_id AS touch_id,
    match_key.1 AS match_type,
    match_key.2 AS match_value,
    event_type AS touch_type,
    received_at, app_id, media_source, channel, campaign, campaign_id, adset, ad, site_id,
    now64(3) AS stored_at
FROM {events}
ARRAY JOIN arrayFilter(k -> k.2 != '', [
    ('click_id', click_id),
    ('advertising_id', gaid), ('advertising_id', idfa), ('advertising_id', oaid),
    ('vendor_id', idfv), ('vendor_id', device_id),
    ('user_id', user_id), ('user_id', if(anonymous_id = '', '', concat('anonymous_id:', anonymous_id)))
]) AS match_key
WHERE event_type IN ('click', 'impression');
