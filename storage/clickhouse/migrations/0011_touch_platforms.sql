-- Learned models are trained on where a journey's last touch was; who evaluates them must find the same there.
ALTER TABLE {touch_keys} ADD COLUMN IF NOT EXISTS platform String;

-- What fingerprint and consent are, and why they are computed here, an earlier version says.
ALTER TABLE {touch_keys_feed} MODIFY QUERY
SELECT
    xxh3(concat(match_key.1, ':', match_key.2)) AS key_hash,
    event_time AS touch_time,
    event_id AS touch_id,
    event_type AS touch_type,
    received_at, app_id, media_source, channel, campaign, campaign_id, adset, ad, site_id,
    toInt8(said) AS consent,
    position(properties, '"claimed":true') > 0 AND JSONExtractBool(properties, 'claimed') AS is_claimed,
    now64(3) AS stored_at,
    ip, country, user_agent, platform
FROM (
    SELECT
        event_id, event_type, event_time, received_at, app_id, media_source, channel, campaign, campaign_id, adset, ad,
        site_id, click_id, gaid, idfa, oaid, idfv, device_id, user_id, anonymous_id, properties, ip, country, user_agent,
        platform,
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
    -- Whoever has no user id yet is filed under the anonymous one in its place, with a prefix.
    ('user_id', user_id), ('user_id', if(anonymous_id = '', '', concat('anonymous_id:', anonymous_id))),
    ('probabilistic', fingerprint)
]) AS match_key;
