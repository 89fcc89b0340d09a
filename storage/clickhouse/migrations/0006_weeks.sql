-- Weeks that are over, summed: what reports over months read instead of every quarter of an hour. Which week is summed,
-- and has had nothing new since, the tenant's Postgres says (`report_weeks`); all others are read from `activity` and
-- `touch_counts`. A week is seven days of UTC from Monday, and is summed anew as a whole; a row without anything in it
-- stands for what is no longer there. Readers take the newest by FINAL.

-- Who was active when: `quarters` are the quarters of an hour since the week's beginning, in order.
CREATE TABLE IF NOT EXISTS {activity_weeks} (
    week Date,
    app_id LowCardinality(String),
    person_key UInt64,
    quarters Array(UInt16),
    sessions UInt64,
    events UInt64,
    summed_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(summed_at)
PARTITION BY toYYYYMM(week)
ORDER BY (week, app_id, person_key)
SETTINGS non_replicated_deduplication_window = 10000;

-- Touches by what most reports ask for: without the dimensions that have too many values to make a sum of anything.
CREATE TABLE IF NOT EXISTS {touch_weeks} (
    week Date,
    touch_type LowCardinality(String),
    app_id LowCardinality(String),
    platform LowCardinality(String),
    country LowCardinality(String),
    media_source LowCardinality(String),
    channel LowCardinality(String),
    campaign LowCardinality(String),
    touches UInt64,
    summed_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(summed_at)
PARTITION BY toYYYYMM(week)
ORDER BY (week, touch_type, app_id, platform, country, media_source, channel, campaign)
SETTINGS non_replicated_deduplication_window = 10000;

-- Most tenants have no touch whose price is due later: reports see it from this without reading the column.
ALTER TABLE {touch_counts} ADD INDEX IF NOT EXISTS priced priced TYPE minmax GRANULARITY 1;
