-- What reports read with FINAL costs twice as much while a month lies in several parts. Once nothing came for a month for
-- six hours, its parts are merged into one, of which FINAL is free. Not sooner: whoever sends late events once in a while
-- would have the whole month written anew each time.
ALTER TABLE {activity}
    MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE {touch_counts}
    MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE {attributed}
    MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE {activity_weeks}
    MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

ALTER TABLE {touch_weeks}
    MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

-- What people paid in weeks that are over: the few rows of `activity` that have a currency, which cannot be found among
-- the others without reading them all. They are summed with the weeks, and void with them.
CREATE TABLE IF NOT EXISTS {revenue_weeks} (
    quarter_hour DateTime('UTC'),
    app_id LowCardinality(String),
    person_key UInt64,
    currency LowCardinality(String),
    revenue Decimal(38, 9),
    summed_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(summed_at)
PARTITION BY toYYYYMM(quarter_hour)
ORDER BY (quarter_hour, app_id, person_key, currency)
SETTINGS non_replicated_deduplication_window = 10000,
    min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

-- What touches cost in weeks that are over: in the same way, of `touch_counts`.
CREATE TABLE IF NOT EXISTS {cost_weeks} (
    quarter_hour DateTime('UTC'),
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
    cost Decimal(38, 12),
    summed_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(summed_at)
PARTITION BY toYYYYMM(quarter_hour)
ORDER BY (quarter_hour, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id, currency)
SETTINGS non_replicated_deduplication_window = 10000,
    min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;
