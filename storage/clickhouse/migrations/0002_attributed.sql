-- What reports and models read: the conversions as they are attributed, and counts that would be slow to make anew for
-- every question. Postgres stays the truth of results; this is the copy that scans fast.

-- One row for each conversion and revision. The newest revision replaces the others when parts are merged; readers take
-- it by FINAL. `conversion_kind` is what the rules made of it, `conversion_type` what was sent. The journey lies in parallel arrays over the valid touches (won, earlier, lower_priority), oldest first.
CREATE TABLE IF NOT EXISTS {attributed} (
    conversion_id String,
    revision UInt32,
    conversion_type LowCardinality(String),
    conversion_kind LowCardinality(String),
    conversion_time DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    app_id LowCardinality(String),
    platform LowCardinality(String),
    country LowCardinality(String),
    event_name LowCardinality(String),
    person_key UInt64,
    is_organic Bool,
    media_source LowCardinality(String),
    channel LowCardinality(String),
    campaign LowCardinality(String),
    adset LowCardinality(String),
    ad LowCardinality(String),
    site_id LowCardinality(String),
    attributed_touch_id String,
    attributed_touch_type LowCardinality(String),
    attributed_touch_time Nullable(DateTime64(3, 'UTC')),
    match_type LowCardinality(String),
    match_confidence Float32,
    ctit_seconds Nullable(Float64),
    revenue Nullable(Decimal(27, 9)),
    currency LowCardinality(String),
    install_id String,
    install_time Nullable(DateTime64(3, 'UTC')),
    fraud_verdict LowCardinality(String) DEFAULT 'valid',
    fraud_rules Array(LowCardinality(String)),
    policy_version UInt32,
    touch_ids Array(String),
    touch_times Array(DateTime64(3, 'UTC')),
    touch_types Array(LowCardinality(String)),
    touch_sources Array(LowCardinality(String)),
    touch_channels Array(LowCardinality(String)),
    touch_campaigns Array(LowCardinality(String))
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(conversion_time)
ORDER BY (conversion_time, conversion_id)
SETTINGS non_replicated_deduplication_window = 10000;

-- What people did, by quarter of an hour: the largest step of which every day of every time zone consists. Each event
-- is in one row: `currency` is that of its revenue, empty for events without. Rolled up by the tenant's actor, an hour
-- at a time, as often as it changes; a row of zeros stands for what is no longer there. Readers take the newest by FINAL.
CREATE TABLE IF NOT EXISTS {activity} (
    quarter_hour DateTime('UTC'),
    app_id LowCardinality(String),
    person_key UInt64,
    currency LowCardinality(String),
    sessions UInt64,
    events UInt64,
    revenue Decimal(38, 9),
    rolled_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(rolled_at)
PARTITION BY toYYYYMM(quarter_hour)
ORDER BY (quarter_hour, app_id, person_key, currency)
SETTINGS non_replicated_deduplication_window = 10000;

-- Touches and what they cost, in the same way. `cost` is what was paid for clicks and thousands of impressions; `priced`
-- counts the touches whose price is due for an install or an action that they lead to.
CREATE TABLE IF NOT EXISTS {touch_counts} (
    quarter_hour DateTime('UTC'),
    touch_type LowCardinality(String),
    app_id LowCardinality(String),
    platform LowCardinality(String),
    country LowCardinality(String),
    media_source LowCardinality(String),
    channel LowCardinality(String),
    campaign LowCardinality(String),
    adset LowCardinality(String),
    ad LowCardinality(String),
    site_id LowCardinality(String),
    currency LowCardinality(String),
    touches UInt64,
    cost Decimal(38, 12),
    priced UInt64,
    rolled_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(rolled_at)
PARTITION BY toYYYYMM(quarter_hour)
ORDER BY (
    quarter_hour, touch_type, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id, currency
)
SETTINGS non_replicated_deduplication_window = 10000;
