-- What a touch's own event says of consent (-1 refused, 0 nothing, 1 granted), and whether a self-attributing network
-- reported it.
ALTER TABLE {touch_keys} ADD COLUMN IF NOT EXISTS consent Int8;
ALTER TABLE {touch_keys} ADD COLUMN IF NOT EXISTS is_claimed Bool;

-- The fingerprint and the consent are what attribution/fingerprint.py and attribution/consent.py say. They are computed
-- here and not where events are taken in, because it costs least here: RE2 over columns, and only of touches.
ALTER TABLE {touch_keys_feed} MODIFY QUERY
SELECT
    xxh3(concat(match_key.1, ':', match_key.2)) AS key_hash,
    event_time AS touch_time,
    event_id AS touch_id,
    match_key.1 AS match_type,
    match_key.2 AS match_value,
    event_type AS touch_type,
    received_at, app_id, media_source, channel, campaign, campaign_id, adset, ad, site_id,
    toInt8(said) AS consent,
    position(properties, '"claimed":true') > 0 AND JSONExtractBool(properties, 'claimed') AS is_claimed
FROM (
    SELECT
        event_id, event_type, event_time, received_at, app_id, media_source, channel, campaign, campaign_id, adset, ad,
        site_id, click_id, gaid, idfa, oaid, idfv, device_id, user_id, properties,
        multiIf(
            att_status IN ('denied', 'restricted', 'not_determined'), -1,
            JSONExtractString(consent, 'ad_storage') = 'denied' OR JSONExtractString(consent, 'ad_user_data') = 'denied'
                OR startsWith(substring(JSONExtractString(consent, 'us_privacy'), 3), 'Y'), -1,
            JSONExtractString(consent, 'ad_storage') = 'granted' OR JSONExtractString(consent, 'ad_user_data') = 'granted', 1,
            JSONExtractRaw(consent, 'gdpr_applies') = 'true', -1,
            att_status = 'authorized', 1,
            0
        ) AS said,
        multiIf(
            platform IN ('ios', 'android'), toString(platform),
            match(user_agent, 'iPhone|iPad|iPod'), 'ios',
            position(user_agent, 'Android') > 0, 'android',
            ''
        ) AS family,
        multiIf(
            os_version != '', extract(os_version, '^[^0-9]*([0-9]+(?:\\.[1-9][0-9]*)?)'),
            position(user_agent, 'Android 10; K)') > 0, '',
            replaceAll(extract(user_agent, '(?:Android |OS )([0-9]+(?:[._][1-9][0-9]*)?)'), '_', '.')
        ) AS version,
        match(ip, '^(10\\.|127\\.|169\\.254\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|::1$|[fF][cCdDeE])') AS is_local,
        if(
            ip = '' OR family = '' OR is_local OR said < (family = 'ios'), '',
            concat(lower(ip), '|', family, '|', version)
        ) AS fingerprint
    FROM {events}
    WHERE event_type IN ('click', 'impression')
)
ARRAY JOIN arrayFilter(k -> k.2 != '', [
    ('click_id', click_id),
    ('advertising_id', gaid), ('advertising_id', idfa), ('advertising_id', oaid),
    ('vendor_id', idfv), ('vendor_id', device_id),
    ('user_id', user_id),
    ('probabilistic', fingerprint)
]) AS match_key;

-- Each install under each of its keys, and each session that a link opened (it may be a re-engagement): a later
-- conversion finds where its person came from by a range of the primary key. `person_key` tells devices of one IP address
-- and family apart.
CREATE TABLE IF NOT EXISTS {install_keys} (
    key_hash UInt64,
    install_time DateTime64(3, 'UTC'),
    install_id String,
    match_type LowCardinality(String),
    match_value String,
    event_type LowCardinality(String),
    app_id LowCardinality(String),
    person_key UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(install_time)
PRIMARY KEY (key_hash, install_time)
ORDER BY (key_hash, install_time, install_id)
SETTINGS non_replicated_deduplication_window = 10000, index_granularity = 256;

CREATE MATERIALIZED VIEW IF NOT EXISTS {install_keys_feed} TO {install_keys} AS
SELECT
    xxh3(concat(match_key.1, ':', match_key.2)) AS key_hash,
    event_time AS install_time,
    event_id AS install_id,
    match_key.1 AS match_type,
    match_key.2 AS match_value,
    event_type,
    app_id,
    person_key
FROM (
    SELECT
        event_id, event_type, event_time, app_id, gaid, idfa, oaid, idfv, device_id, user_id,
        multiIf(
            platform IN ('ios', 'android'), toString(platform),
            match(user_agent, 'iPhone|iPad|iPod'), 'ios',
            position(user_agent, 'Android') > 0, 'android',
            ''
        ) AS family,
        match(ip, '^(10\\.|127\\.|169\\.254\\.|192\\.168\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|::1$|[fF][cCdDeE])') AS is_local,
        if(
            ip = '' OR family = '' OR is_local OR event_type = 'session', '', concat(lower(ip), '|', family, '|')
        ) AS fingerprint,
        xxh3(multiIf(
            device_id != '', concat('vendor_id:', device_id),
            gaid != '', concat('advertising_id:', gaid),
            idfa != '', concat('advertising_id:', idfa),
            idfv != '', concat('vendor_id:', idfv),
            oaid != '', concat('advertising_id:', oaid),
            concat('user_id:', user_id)
        )) AS person_key
    FROM {events}
    WHERE event_type IN ('install', 'reinstall') OR (event_type = 'session' AND (click_id != '' OR deep_link != ''))
)
ARRAY JOIN arrayFilter(k -> k.2 != '', [
    ('advertising_id', gaid), ('advertising_id', idfa), ('advertising_id', oaid),
    ('vendor_id', idfv), ('vendor_id', device_id),
    ('user_id', user_id),
    ('probabilistic', fingerprint)
]) AS match_key;
