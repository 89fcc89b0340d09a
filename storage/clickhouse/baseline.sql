-- Made by `make baseline`. What each table is for, and why, the migrations say.
CREATE TABLE IF NOT EXISTS {events}
(
    `event_id` String,
    `event_type` LowCardinality(String),
    `event_time` DateTime64(3, 'UTC'),
    `received_at` DateTime64(3, 'UTC'),
    `batch_id` UUID,
    `platform` LowCardinality(String),
    `app_id` LowCardinality(String),
    `app_version` String,
    `sdk_version` String,
    `os_version` String,
    `device_model` String,
    `language` String,
    `device_id` String,
    `gaid` String,
    `idfa` String,
    `idfv` String,
    `oaid` String,
    `user_id` String,
    `anonymous_id` String,
    `ip` String,
    `user_agent` String CODEC(ZSTD(1)),
    `country` LowCardinality(String),
    `region` String,
    `city` String,
    `media_source` LowCardinality(String),
    `channel` String,
    `campaign` String,
    `campaign_id` String,
    `adset` String,
    `adset_id` String,
    `ad` String,
    `ad_id` String,
    `keyword` String,
    `site_id` String,
    `sub1` String,
    `sub2` String,
    `sub3` String,
    `sub4` String,
    `sub5` String,
    `click_id` String,
    `impression_id` String,
    `install_referrer` String CODEC(ZSTD(1)),
    `deep_link` String CODEC(ZSTD(1)),
    `gclid` String,
    `fbclid` String,
    `ttclid` String,
    `cost_value` Nullable(Decimal(27, 9)),
    `cost_model` String,
    `cost_currency` String,
    `event_name` LowCardinality(String),
    `revenue` Nullable(Decimal(27, 9)),
    `currency` LowCardinality(String),
    `quantity` Nullable(UInt32),
    `product_id` String,
    `order_id` String,
    `click_time` Nullable(DateTime64(3, 'UTC')),
    `install_begin_time` Nullable(DateTime64(3, 'UTC')),
    `install_finish_time` Nullable(DateTime64(3, 'UTC')),
    `att_status` String,
    `consent` String CODEC(ZSTD(1)),
    `properties` String CODEC(ZSTD(1)),
    `schema_violation` String
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(event_time)
ORDER BY (event_type, event_time, event_id)
SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 20, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS {touch_keys}
(
    `key_hash` UInt64,
    `touch_time` DateTime64(3, 'UTC'),
    `touch_id` String,
    `match_type` LowCardinality(String),
    `match_value` String,
    `touch_type` String,
    `received_at` DateTime64(3, 'UTC'),
    `app_id` String,
    `media_source` String,
    `channel` String,
    `campaign` String,
    `campaign_id` String,
    `adset` String,
    `ad` String,
    `site_id` String,
    `consent` Int8,
    `is_claimed` Bool,
    `stored_at` DateTime64(3, 'UTC'),
    `ip` String CODEC(ZSTD(1)),
    `country` String,
    `user_agent` String CODEC(ZSTD(1)),
    `platform` String,
    INDEX touch_keys_stored_at stored_at TYPE minmax GRANULARITY 64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(touch_time)
PRIMARY KEY (key_hash, touch_time)
ORDER BY (key_hash, touch_time, touch_id)
SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 20, index_granularity = 256, enable_vertical_merge_algorithm = 0;

CREATE TABLE IF NOT EXISTS {install_keys}
(
    `key_hash` UInt64,
    `install_time` DateTime64(3, 'UTC'),
    `install_id` String,
    `match_type` LowCardinality(String),
    `match_value` String,
    `event_type` LowCardinality(String),
    `app_id` LowCardinality(String),
    `person_key` UInt64,
    `platform` LowCardinality(String),
    `os_version` LowCardinality(String),
    `app_version` LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(install_time)
PRIMARY KEY (key_hash, install_time)
ORDER BY (key_hash, install_time, install_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256;

CREATE TABLE IF NOT EXISTS {attributed}
(
    `conversion_id` String,
    `revision` UInt32,
    `conversion_type` LowCardinality(String),
    `conversion_kind` LowCardinality(String),
    `conversion_time` DateTime64(3, 'UTC'),
    `received_at` DateTime64(3, 'UTC'),
    `app_id` LowCardinality(String),
    `platform` LowCardinality(String),
    `country` LowCardinality(String),
    `event_name` LowCardinality(String),
    `person_key` UInt64,
    `is_organic` Bool,
    `media_source` LowCardinality(String),
    `channel` LowCardinality(String),
    `campaign` LowCardinality(String),
    `adset` LowCardinality(String),
    `ad` LowCardinality(String),
    `site_id` LowCardinality(String),
    `attributed_touch_id` String,
    `attributed_touch_type` LowCardinality(String),
    `attributed_touch_time` Nullable(DateTime64(3, 'UTC')),
    `match_type` LowCardinality(String),
    `match_confidence` Float32,
    `ctit_seconds` Nullable(Float64),
    `revenue` Nullable(Decimal(27, 9)),
    `currency` LowCardinality(String),
    `install_id` String,
    `install_time` Nullable(DateTime64(3, 'UTC')),
    `fraud_verdict` LowCardinality(String) DEFAULT 'valid',
    `fraud_rules` Array(LowCardinality(String)),
    `policy_version` UInt32,
    `touch_ids` Array(String),
    `touch_times` Array(DateTime64(3, 'UTC')),
    `touch_types` Array(LowCardinality(String)),
    `touch_sources` Array(LowCardinality(String)),
    `touch_channels` Array(LowCardinality(String)),
    `touch_campaigns` Array(LowCardinality(String)),
    `claim_verdict` LowCardinality(String) DEFAULT 'valid',
    `claim_rules` Array(LowCardinality(String)),
    `claimed_touch_id` String,
    `claimed_media_source` LowCardinality(String),
    `claimed_campaign` LowCardinality(String),
    `claimed_site_id` LowCardinality(String),
    `claimed_ctit_seconds` Nullable(Float64),
    `if_on_media_source` LowCardinality(String),
    `touch_credits` Array(Float32),
    `learned_model` LowCardinality(String)
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(conversion_time)
ORDER BY (conversion_time, conversion_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 8192, min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {install_values}
(
    `snapshot` UInt64,
    `person_key` UInt64,
    `installed_at` DateTime64(3, 'UTC'),
    `known` Array(Float64),
    `later` Array(Float64),
    `variance` Array(Float64)
)
ENGINE = MergeTree
PARTITION BY snapshot
ORDER BY (installed_at, person_key)
SETTINGS index_granularity = 8192;

CREATE TABLE IF NOT EXISTS {person_aliases}
(
    `alias_key` UInt64,
    `person_key` UInt64,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY alias_key
SETTINGS index_granularity = 8192;

CREATE TABLE IF NOT EXISTS {activity}
(
    `quarter_hour` DateTime('UTC'),
    `app_id` LowCardinality(String),
    `person_key` UInt64,
    `currency` LowCardinality(String),
    `sessions` UInt64,
    `events` UInt64,
    `revenue` Decimal(38, 9),
    `rolled_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(rolled_at)
PARTITION BY toYYYYMM(quarter_hour)
ORDER BY (quarter_hour, app_id, person_key, currency)
SETTINGS index_granularity = 8192, min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {touch_counts}
(
    `quarter_hour` DateTime('UTC'),
    `touch_type` LowCardinality(String),
    `app_id` LowCardinality(String),
    `platform` LowCardinality(String),
    `country` LowCardinality(String),
    `media_source` LowCardinality(String),
    `channel` LowCardinality(String),
    `campaign` LowCardinality(String),
    `adset` LowCardinality(String),
    `ad` LowCardinality(String),
    `site_id` LowCardinality(String),
    `currency` LowCardinality(String),
    `touches` UInt64,
    `cost` Decimal(38, 12),
    `priced` UInt64,
    `rolled_at` DateTime64(3, 'UTC'),
    INDEX priced priced TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(rolled_at)
PARTITION BY toYYYYMM(quarter_hour)
ORDER BY (quarter_hour, touch_type, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id, currency)
SETTINGS index_granularity = 8192, min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {activity_weeks}
(
    `week` Date,
    `app_id` LowCardinality(String),
    `person_key` UInt64,
    `quarters` Array(UInt16),
    `sessions` UInt64,
    `events` UInt64,
    `summed_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(summed_at)
PARTITION BY toYYYYMM(week)
ORDER BY (week, app_id, person_key)
SETTINGS index_granularity = 8192, min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {touch_weeks}
(
    `week` Date,
    `touch_type` LowCardinality(String),
    `app_id` LowCardinality(String),
    `platform` LowCardinality(String),
    `country` LowCardinality(String),
    `media_source` LowCardinality(String),
    `channel` LowCardinality(String),
    `campaign` LowCardinality(String),
    `touches` UInt64,
    `summed_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(summed_at)
PARTITION BY toYYYYMM(week)
ORDER BY (week, touch_type, app_id, platform, country, media_source, channel, campaign)
SETTINGS index_granularity = 8192, min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;

CREATE TABLE IF NOT EXISTS {revenue_weeks}
(
    `quarter_hour` DateTime('UTC'),
    `app_id` LowCardinality(String),
    `person_key` UInt64,
    `currency` LowCardinality(String),
    `revenue` Decimal(38, 9),
    `summed_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(summed_at)
PARTITION BY toYYYYMM(quarter_hour)
ORDER BY (quarter_hour, app_id, person_key, currency)
SETTINGS min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS {cost_weeks}
(
    `quarter_hour` DateTime('UTC'),
    `app_id` LowCardinality(String),
    `platform` LowCardinality(String),
    `country` LowCardinality(String),
    `media_source` LowCardinality(String),
    `channel` LowCardinality(String),
    `campaign` LowCardinality(String),
    `adset` LowCardinality(String),
    `ad` LowCardinality(String),
    `site_id` LowCardinality(String),
    `currency` LowCardinality(String),
    `cost` Decimal(38, 12),
    `summed_at` DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(summed_at)
PARTITION BY toYYYYMM(quarter_hour)
ORDER BY (quarter_hour, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id, currency)
SETTINGS min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1, index_granularity = 8192;

CREATE MATERIALIZED VIEW IF NOT EXISTS {touch_keys_feed} TO {touch_keys}
(
    `key_hash` UInt64,
    `touch_time` DateTime64(3, 'UTC'),
    `touch_id` String,
    `touch_type` LowCardinality(String),
    `received_at` DateTime64(3, 'UTC'),
    `app_id` LowCardinality(String),
    `media_source` LowCardinality(String),
    `channel` String,
    `campaign` String,
    `campaign_id` String,
    `adset` String,
    `ad` String,
    `site_id` String,
    `consent` Int8,
    `is_claimed` UInt8,
    `stored_at` DateTime64(3),
    `ip` String,
    `country` LowCardinality(String),
    `user_agent` String,
    `platform` LowCardinality(String)
)
AS SELECT
    xxh3(concat(match_key.1, ':', match_key.2)) AS key_hash,
    event_time AS touch_time,
    event_id AS touch_id,
    event_type AS touch_type,
    received_at,
    app_id,
    media_source,
    channel,
    campaign,
    campaign_id,
    adset,
    ad,
    site_id,
    toInt8(said) AS consent,
    (position(properties, '"claimed":true') > 0) AND JSONExtractBool(properties, 'claimed') AS is_claimed,
    now64(3) AS stored_at,
    ip,
    country,
    user_agent,
    platform
FROM
(
    SELECT
        event_id,
        event_type,
        event_time,
        received_at,
        app_id,
        media_source,
        channel,
        campaign,
        campaign_id,
        adset,
        ad,
        site_id,
        click_id,
        gaid,
        idfa,
        oaid,
        idfv,
        device_id,
        user_id,
        anonymous_id,
        properties,
        ip,
        country,
        user_agent,
        platform,
        multiIf((att_status IN ('denied', 'restricted', 'not_determined')), -1, (JSONExtractString(consent, 'ad_storage') = 'denied') OR (JSONExtractString(consent, 'ad_user_data') = 'denied') OR startsWith(substring(JSONExtractString(consent, 'us_privacy'), 3), 'Y'), -1, (JSONExtractString(consent, 'ad_storage') = 'granted') OR (JSONExtractString(consent, 'ad_user_data') = 'granted'), 1, JSONExtractRaw(consent, 'gdpr_applies') = 'true', -1, att_status = 'authorized', 1, 0) AS said,
        multiIf((platform IN ('ios', 'android')), toString(platform), match(user_agent, 'iPhone|iPad|iPod'), 'ios', position(user_agent, 'Android') > 0, 'android', '') AS family,
        multiIf(os_version != '', extract(os_version, '^[^0-9]*([0-9]+(?:\\.[1-9][0-9]*)?)'), position(user_agent, 'Android 10; K)') > 0, '', replaceAll(extract(user_agent, '(?:Android |OS )([0-9]+(?:[._][1-9][0-9]*)?)'), '_', '.')) AS version,
        match(ip, '^(10\\.|127\\.|169\\.254\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|::1$|[fF][cCdDeE])') AS is_local,
        if((ip = '') OR (family = '') OR is_local OR (said < (family = 'ios')), '', concat(lower(ip), '|', family, '|', version)) AS fingerprint
    FROM {events}
    WHERE event_type IN ('click', 'impression')
)
ARRAY JOIN arrayFilter(k -> ((k.2) != ''), [('click_id', click_id), ('advertising_id', gaid), ('advertising_id', idfa), ('advertising_id', oaid), ('vendor_id', idfv), ('vendor_id', device_id), ('user_id', user_id), ('user_id', if(anonymous_id = '', '', concat('anonymous_id:', anonymous_id))), ('probabilistic', fingerprint)]) AS match_key;

CREATE MATERIALIZED VIEW IF NOT EXISTS {install_keys_feed} TO {install_keys}
(
    `key_hash` UInt64,
    `install_time` DateTime64(3, 'UTC'),
    `install_id` String,
    `match_type` String,
    `match_value` String,
    `event_type` LowCardinality(String),
    `app_id` LowCardinality(String),
    `person_key` UInt64,
    `platform` LowCardinality(String),
    `os_version` String,
    `app_version` String
)
AS SELECT
    xxh3(concat(match_key.1, ':', match_key.2)) AS key_hash,
    event_time AS install_time,
    event_id AS install_id,
    match_key.1 AS match_type,
    match_key.2 AS match_value,
    event_type,
    app_id,
    person_key,
    platform,
    os_version,
    app_version
FROM
(
    SELECT
        event_id,
        event_type,
        event_time,
        app_id,
        gaid,
        idfa,
        oaid,
        idfv,
        device_id,
        user_id,
        platform,
        os_version,
        app_version,
        if(event_type = 'install', ip, '') AS address,
        multiIf((platform IN ('ios', 'android')), toString(platform), match(user_agent, 'iPhone|iPad|iPod'), 'ios', position(user_agent, 'Android') > 0, 'android', '') AS family,
        match(ip, '^(10\\.|127\\.|169\\.254\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|::1$|[fF][cCdDeE])') AS is_local,
        if((ip = '') OR (family = '') OR is_local OR (event_type = 'session'), '', concat(lower(ip), '|', family, '|')) AS fingerprint,
        xxh3(multiIf(device_id != '', concat('vendor_id:', device_id), gaid != '', concat('advertising_id:', gaid), idfa != '', concat('advertising_id:', idfa), idfv != '', concat('vendor_id:', idfv), oaid != '', concat('advertising_id:', oaid), concat('user_id:', user_id))) AS person_key
    FROM {events}
    WHERE (event_type IN ('install', 'reinstall')) OR ((event_type = 'session') AND ((click_id != '') OR (deep_link != '')))
)
ARRAY JOIN arrayFilter(k -> ((k.2) != ''), [('advertising_id', gaid), ('advertising_id', idfa), ('advertising_id', oaid), ('vendor_id', idfv), ('vendor_id', device_id), ('user_id', user_id), ('probabilistic', fingerprint), ('ip', address)]) AS match_key;
