-- Columns bear the events' field names; ORDER BY and PARTITION BY depend on the event alone, never on
-- its arrival, so that a repeated event meets its twin and ReplacingMergeTree folds the two.
-- Many small tenants make many small parts: with the default base of 5 their merges wrote each row ten times, with 20 twice.
-- LowCardinality only where reports group: each such column costs 0.1 microseconds a row when it is written.
CREATE TABLE IF NOT EXISTS {events} (
    event_id String,
    event_type LowCardinality(String),
    event_time DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    batch_id UUID,
    platform LowCardinality(String),
    app_id LowCardinality(String),
    app_version String,
    sdk_version String,
    os_version String,
    device_model String,
    language String,
    device_id String,
    gaid String,
    idfa String,
    idfv String,
    oaid String,
    user_id String,
    anonymous_id String,
    ip String,
    user_agent String CODEC(ZSTD(1)),
    country LowCardinality(String),
    region String,
    city String,
    media_source LowCardinality(String),
    channel String,
    campaign String,
    campaign_id String,
    adset String,
    adset_id String,
    ad String,
    ad_id String,
    keyword String,
    site_id String,
    sub1 String,
    sub2 String,
    sub3 String,
    sub4 String,
    sub5 String,
    click_id String,
    impression_id String,
    install_referrer String CODEC(ZSTD(1)),
    deep_link String CODEC(ZSTD(1)),
    gclid String,
    fbclid String,
    ttclid String,
    cost_value Nullable(Decimal(27, 9)),
    cost_model String,
    cost_currency String,
    event_name LowCardinality(String),
    revenue Nullable(Decimal(27, 9)),
    currency LowCardinality(String),
    quantity Nullable(UInt32),
    product_id String,
    order_id String,
    click_time Nullable(DateTime64(3, 'UTC')),
    install_begin_time Nullable(DateTime64(3, 'UTC')),
    install_finish_time Nullable(DateTime64(3, 'UTC')),
    att_status String,
    consent String CODEC(ZSTD(1)),
    properties String CODEC(ZSTD(1)),
    schema_violation String
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(event_time)
ORDER BY (event_type, event_time, event_id)
SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 20;

-- Each touch under each key it can be matched by: looking a conversion's touches up is a range of the
-- primary key. xxh3 of 'match_type:value' is also what the reader computes.
CREATE TABLE IF NOT EXISTS {touch_keys} (
    key_hash UInt64,
    touch_time DateTime64(3, 'UTC'),
    touch_id String,
    match_type LowCardinality(String),
    match_value String,
    touch_type LowCardinality(String),
    received_at DateTime64(3, 'UTC'),
    app_id LowCardinality(String),
    media_source LowCardinality(String),
    channel String,
    campaign String,
    campaign_id String,
    adset String,
    ad String,
    site_id String
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(touch_time)
PRIMARY KEY (key_hash, touch_time)
ORDER BY (key_hash, touch_time, touch_id)
SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 20, index_granularity = 256;

CREATE MATERIALIZED VIEW IF NOT EXISTS {touch_keys_feed} TO {touch_keys} AS
SELECT
    xxh3(concat(match_key.1, ':', match_key.2)) AS key_hash,
    event_time AS touch_time,
    event_id AS touch_id,
    match_key.1 AS match_type,
    match_key.2 AS match_value,
    event_type AS touch_type,
    received_at, app_id, media_source, channel, campaign, campaign_id, adset, ad, site_id
FROM {events}
ARRAY JOIN arrayFilter(k -> k.2 != '', [
    ('click_id', click_id),
    ('advertising_id', gaid), ('advertising_id', idfa), ('advertising_id', oaid),
    ('vendor_id', idfv), ('vendor_id', device_id),
    ('user_id', user_id)
]) AS match_key
WHERE event_type IN ('click', 'impression');
