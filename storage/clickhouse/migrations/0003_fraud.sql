-- What the fraud rules look up.

-- Where a touch came from, beside what matching reads of it. Columns of the same rows: a table of their own would cost
-- every insert a part more.
ALTER TABLE {touch_keys}
    ADD COLUMN IF NOT EXISTS ip String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS country LowCardinality(String),
    ADD COLUMN IF NOT EXISTS user_agent String CODEC(ZSTD(1));

ALTER TABLE {touch_keys_feed} MODIFY QUERY
SELECT
    xxh3(concat(match_key.1, ':', match_key.2)) AS key_hash,
    event_time AS touch_time,
    event_id AS touch_id,
    match_key.1 AS match_type,
    match_key.2 AS match_value,
    event_type AS touch_type,
    received_at, app_id, media_source, channel, campaign, campaign_id, adset, ad, site_id, ip, country, user_agent
FROM {events}
ARRAY JOIN arrayFilter(k -> k.2 != '', [
    ('click_id', click_id),
    ('advertising_id', gaid), ('advertising_id', idfa), ('advertising_id', oaid),
    ('vendor_id', idfv), ('vendor_id', device_id),
    ('user_id', user_id)
]) AS match_key
WHERE event_type IN ('click', 'impression');

-- Each install under what others of its device or address are found by. `device` is a hash of the first id it has.
CREATE TABLE IF NOT EXISTS {install_traces} (
    key_hash UInt64,
    install_time DateTime64(3, 'UTC'),
    install_id String,
    app_id LowCardinality(String),
    device UInt64,
    platform LowCardinality(String),
    os_version LowCardinality(String),
    app_version LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(install_time)
PRIMARY KEY (key_hash, install_time)
ORDER BY (key_hash, install_time, install_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256;

CREATE MATERIALIZED VIEW IF NOT EXISTS {install_traces_feed} TO {install_traces} AS
SELECT
    xxh3(concat(trace_key.1, ':', trace_key.2)) AS key_hash,
    event_time AS install_time,
    event_id AS install_id,
    app_id,
    xxh3(coalesce(nullIf(device_id, ''), nullIf(gaid, ''), nullIf(idfa, ''), nullIf(idfv, ''), oaid)) AS device,
    platform, os_version, app_version
FROM {events}
ARRAY JOIN arrayFilter(k -> k.2 != '', [
    ('ip', ip), ('advertising_id', gaid), ('advertising_id', idfa), ('advertising_id', oaid), ('vendor_id', idfv)
]) AS trace_key
WHERE event_type = 'install';

-- Who would have a conversion if no fraud rule were on. A site that floods keeps the installs that it claimed here, so
-- that taking them away from it does not make it look honest.
ALTER TABLE {attributed}
    ADD COLUMN IF NOT EXISTS claimed_touch_id String,
    ADD COLUMN IF NOT EXISTS claimed_media_source LowCardinality(String),
    ADD COLUMN IF NOT EXISTS claimed_campaign LowCardinality(String),
    ADD COLUMN IF NOT EXISTS claimed_site_id LowCardinality(String),
    ADD COLUMN IF NOT EXISTS claimed_ctit_seconds Nullable(Float64),
    ADD COLUMN IF NOT EXISTS if_on_media_source LowCardinality(String);
