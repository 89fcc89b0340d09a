-- Ten million events of 90 days: people who install, come back less and less, and sometimes pay; the touches that others
-- saw. Everything follows from a row's number, so that each run measures the same.

-- name: drawn
SELECT number, if({is_each}, number, cityHash64(number, {salt}) % {people}) AS person, cityHash64(number, {salt} + 1) AS draw,
    cityHash64(person, 1) AS of_source, cityHash64(person, 2) AS of_campaign, cityHash64(person, 3) AS of_place,
    {begin_ms} + toInt64(cityHash64(person, 4) % {span_ms}) AS installed_ms,
    of_source % 100 < 35 AS organic,
    ['google_ads', 'meta_ads', 'tiktok', 'unity', 'applovin', 'email'][
        1 + toUInt8(6 * pow((of_source % 9973) / 9973, 2))
    ] AS source,
    concat('campaign ', toString(of_campaign % 8)) AS campaign_name,
    concat('ad set ', toString(of_campaign % 24)) AS adset_name,
    concat('ad ', toString(of_campaign % 72)) AS ad_name,
    concat('site ', toString(of_campaign % 200)) AS site,
    ['DE', 'US', 'FR', 'GB', 'IN', 'BR', 'JP', 'ES'][1 + toUInt8(8 * pow((of_place % 9973) / 9973, 2))] AS place,
    if(of_place % 3 = 0, 'ios', 'android') AS system,
    concat('person-', toString(person)) AS device
FROM numbers({first}, {rows})

-- name: touches
INSERT INTO {events} (
    event_id, event_type, event_time, received_at, batch_id, platform, app_id, country, media_source, channel, campaign,
    adset, ad, site_id, cost_value, cost_model, cost_currency, device_id
)
SELECT concat('touch-', toString(number)), if(number % 11 < 2, 'click', 'impression') AS kind,
    fromUnixTimestamp64Milli({begin_ms} + toInt64(draw % {span_ms}), 'UTC') AS at, at,
    toUUID('00000000-0000-0000-0000-000000000001'), system, 'com.example.bench', place, source, 'paid', campaign_name,
    adset_name, ad_name, site, if(source = 'unity' AND kind = 'click', toDecimal128(0.35, 9), NULL),
    if(source = 'unity' AND kind = 'click', 'cpc', ''), if(source = 'unity' AND kind = 'click', 'USD', ''), device
FROM ({drawn})

-- name: installs
INSERT INTO {events} (
    event_id, event_type, event_time, received_at, batch_id, platform, app_id, country, device_id
)
SELECT concat('install-', toString(number)), 'install', fromUnixTimestamp64Milli(installed_ms, 'UTC') AS at, at,
    toUUID('00000000-0000-0000-0000-000000000002'), system, 'com.example.bench', place, device
FROM ({drawn})

-- name: later
INSERT INTO {events} (
    event_id, event_type, event_time, received_at, batch_id, platform, app_id, country, device_id, event_name, revenue,
    currency
)
SELECT concat('later-', toString(number)),
    multiIf(number % 64 < 43, 'session', number % 64 < 60, 'in_app', number % 64 < 62, 'purchase', 'ad_revenue') AS kind,
    fromUnixTimestamp64Milli(
        installed_ms + toInt64(-log(1 - (draw % 99991) / 100000) * 12 * 86400000), 'UTC'
    ) AS at, at, toUUID('00000000-0000-0000-0000-000000000003'), system, 'com.example.bench', place, device,
    if(kind = 'in_app', 'level_up', ''),
    multiIf(kind = 'purchase', toDecimal128(4.99, 9), kind = 'ad_revenue', toDecimal128(0.0123, 9), NULL),
    multiIf(kind NOT IN ('purchase', 'ad_revenue'), '', draw % 5 < 3, 'EUR', 'USD')
FROM ({drawn})
WHERE at < fromUnixTimestamp64Milli({begin_ms} + {span_ms}, 'UTC')

-- name: attributed
INSERT INTO {attributed} (
    conversion_id, revision, conversion_type, conversion_kind, conversion_time, received_at, app_id, platform, country, person_key,
    is_organic, media_source, channel, campaign, adset, ad, site_id, attributed_touch_id, revenue, currency
)
SELECT event_id, 1, event_type, event_type, event_time, received_at, app_id, platform, country,
    xxh3(concat('vendor_id:', device_id)), p.organic, if(p.organic, 'organic', p.source),
    if(p.organic, '', 'paid'), if(p.organic, '', p.campaign_name), if(p.organic, '', p.adset_name),
    if(p.organic, '', p.ad_name), if(p.organic, '', p.site), if(p.organic, '', concat('touch-', event_id)), revenue,
    currency
FROM {events} AS e
INNER JOIN (SELECT DISTINCT device, organic, source, campaign_name, adset_name, ad_name, site FROM ({drawn})) AS p
    ON e.device_id = p.device
WHERE e.event_type IN ('install', 'purchase', 'ad_revenue')
