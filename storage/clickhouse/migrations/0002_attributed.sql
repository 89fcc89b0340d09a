-- What reports and models read: the conversions as they are attributed, and counts that would be slow to make anew for
-- every question. Postgres stays the truth of results; this is the copy that scans fast.

-- One row for each conversion and revision. The newest revision replaces the others when parts are merged; readers take
-- it by FINAL. The journey lies in parallel arrays over the valid touches (won, earlier, lower_priority), oldest first.
CREATE TABLE IF NOT EXISTS {attributed} (
    conversion_id String,
    revision UInt32,
    conversion_type LowCardinality(String),
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
