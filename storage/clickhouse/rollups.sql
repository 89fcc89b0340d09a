-- name: roll_activity
INSERT INTO {activity}
SELECT quarter_hour, app_id, key, paid_in, sum(session), sum(event), sum(paid),
    fromUnixTimestamp64Milli({rolled_at:Int64}, 'UTC')
FROM (
    SELECT toStartOfFifteenMinutes(event_time) AS quarter_hour, app_id, {person_key} AS key,
        if(isNull(revenue), '', currency) AS paid_in, toUInt64(event_type = 'session') AS session, toUInt64(1) AS event,
        toDecimal128(ifNull(revenue, 0), 9) AS paid
    FROM {events} FINAL
    WHERE event_type IN ('session', 'in_app', 'purchase', 'ad_revenue', 'install', 'reinstall') AND key != 0
        AND event_time >= toDateTime({since:UInt32}, 'UTC') AND event_time < toDateTime({until:UInt32}, 'UTC')
        AND toUnixTimestamp(toStartOfHour(event_time)) IN {hours:Array(UInt32)}
    UNION ALL
    SELECT quarter_hour, app_id, person_key, currency, 0, 0, 0
    FROM {activity} FINAL
    WHERE quarter_hour >= toDateTime({since:UInt32}, 'UTC') AND quarter_hour < toDateTime({until:UInt32}, 'UTC')
        AND toUnixTimestamp(toStartOfHour(quarter_hour)) IN {hours:Array(UInt32)}
)
GROUP BY quarter_hour, app_id, key, paid_in

-- name: roll_touches
INSERT INTO {touch_counts}
SELECT quarter_hour, touch_type, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id,
    paid_in, sum(touch), sum(paid), sum(owed), fromUnixTimestamp64Milli({rolled_at:Int64}, 'UTC')
FROM (
    SELECT toStartOfFifteenMinutes(event_time) AS quarter_hour, event_type AS touch_type, app_id, platform, country,
        if(media_source = '', 'unknown', media_source) AS media_source, channel, campaign, adset, ad, site_id,
        if(paid = 0, '', cost_currency) AS paid_in, toUInt64(1) AS touch,
        multiIf(
            isNull(cost_value) OR cost_currency = '', toDecimal128(0, 12),
            cost_model = 'cpc' AND event_type = 'click', toDecimal128(assumeNotNull(cost_value), 12),
            cost_model = 'cpm' AND event_type = 'impression', toDecimal128(assumeNotNull(cost_value), 12) / 1000,
            toDecimal128(0, 12)
        ) AS paid,
        toUInt64(isNotNull(cost_value) AND cost_currency != '' AND cost_model IN ('cpi', 'cpa')) AS owed
    FROM {events} FINAL
    WHERE event_type IN ('click', 'impression')
        AND event_time >= toDateTime({since:UInt32}, 'UTC') AND event_time < toDateTime({until:UInt32}, 'UTC')
        AND toUnixTimestamp(toStartOfHour(event_time)) IN {hours:Array(UInt32)}
    UNION ALL
    SELECT quarter_hour, touch_type, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id,
        currency, 0, 0, 0
    FROM {touch_counts} FINAL
    WHERE quarter_hour >= toDateTime({since:UInt32}, 'UTC') AND quarter_hour < toDateTime({until:UInt32}, 'UTC')
        AND toUnixTimestamp(toStartOfHour(quarter_hour)) IN {hours:Array(UInt32)}
)
GROUP BY quarter_hour, touch_type, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id, paid_in

-- name: rows_of_week
SELECT (
    SELECT count() FROM {activity} FINAL
    WHERE quarter_hour >= toDateTime({since:UInt32}, 'UTC') AND quarter_hour < toDateTime({until:UInt32}, 'UTC')
) + (
    SELECT count() FROM {touch_counts} FINAL
    WHERE quarter_hour >= toDateTime({since:UInt32}, 'UTC') AND quarter_hour < toDateTime({until:UInt32}, 'UTC')
        AND currency != ''
)

-- name: sum_activity
INSERT INTO {activity_weeks}
SELECT toDate(toDateTime({since:UInt32}, 'UTC')), app_id, key, arraySort(groupUniqArrayIf(quarter, is_active)), sum(visits),
    sum(acts), fromUnixTimestamp64Milli({rolled_at:Int64}, 'UTC')
FROM (
    SELECT app_id, person_key AS key, toUInt16(intDiv(toUnixTimestamp(quarter_hour) - {since:UInt32}, 900)) AS quarter,
        true AS is_active, sessions AS visits, events AS acts
    FROM {activity} FINAL
    WHERE quarter_hour >= toDateTime({since:UInt32}, 'UTC') AND quarter_hour < toDateTime({until:UInt32}, 'UTC')
        AND events > 0 AND person_key % {portions:UInt32} = {portion:UInt32}
    UNION ALL
    SELECT app_id, person_key, 0, false, 0, 0
    FROM {activity_weeks} FINAL
    WHERE week = toDate(toDateTime({since:UInt32}, 'UTC')) AND person_key % {portions:UInt32} = {portion:UInt32}
)
GROUP BY app_id, key

-- name: sum_touches
INSERT INTO {touch_weeks}
SELECT toDate(toDateTime({since:UInt32}, 'UTC')), touch_type, app_id, platform, country, media_source, channel, campaign,
    sum(count), fromUnixTimestamp64Milli({rolled_at:Int64}, 'UTC')
FROM (
    SELECT touch_type, app_id, platform, country, media_source, channel, campaign, touches AS count
    FROM {touch_counts} FINAL
    WHERE quarter_hour >= toDateTime({since:UInt32}, 'UTC') AND quarter_hour < toDateTime({until:UInt32}, 'UTC')
    UNION ALL
    SELECT touch_type, app_id, platform, country, media_source, channel, campaign, 0
    FROM {touch_weeks} FINAL
    WHERE week = toDate(toDateTime({since:UInt32}, 'UTC'))
)
GROUP BY touch_type, app_id, platform, country, media_source, channel, campaign

-- name: sum_revenue
INSERT INTO {revenue_weeks}
SELECT quarter_hour, app_id, key, currency, sum(paid), fromUnixTimestamp64Milli({rolled_at:Int64}, 'UTC')
FROM (
    SELECT quarter_hour, app_id, person_key AS key, currency, revenue AS paid
    FROM {activity} FINAL
    WHERE quarter_hour >= toDateTime({since:UInt32}, 'UTC') AND quarter_hour < toDateTime({until:UInt32}, 'UTC')
        AND currency != '' AND person_key % {portions:UInt32} = {portion:UInt32}
    UNION ALL
    SELECT quarter_hour, app_id, person_key, currency, 0
    FROM {revenue_weeks} FINAL
    WHERE quarter_hour >= toDateTime({since:UInt32}, 'UTC') AND quarter_hour < toDateTime({until:UInt32}, 'UTC')
        AND person_key % {portions:UInt32} = {portion:UInt32}
)
GROUP BY quarter_hour, app_id, key, currency

-- name: sum_costs
INSERT INTO {cost_weeks}
SELECT quarter_hour, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id, currency, sum(paid),
    fromUnixTimestamp64Milli({rolled_at:Int64}, 'UTC')
FROM (
    SELECT quarter_hour, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id, currency,
        cost AS paid
    FROM {touch_counts} FINAL
    WHERE quarter_hour >= toDateTime({since:UInt32}, 'UTC') AND quarter_hour < toDateTime({until:UInt32}, 'UTC')
        AND currency != '' AND intDiv(toUnixTimestamp(quarter_hour), 900) % {portions:UInt32} = {portion:UInt32}
    UNION ALL
    SELECT quarter_hour, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id, currency, 0
    FROM {cost_weeks} FINAL
    WHERE quarter_hour >= toDateTime({since:UInt32}, 'UTC') AND quarter_hour < toDateTime({until:UInt32}, 'UTC')
        AND intDiv(toUnixTimestamp(quarter_hour), 900) % {portions:UInt32} = {portion:UInt32}
)
GROUP BY quarter_hour, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id, currency
