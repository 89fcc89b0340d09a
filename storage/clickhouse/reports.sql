-- Dimensions, conditions and dates are put in by `report_reader.py`: names of columns from a fixed list, and bound values.
-- `member` is a person in an app as one number: joins over one number are several times faster.

-- name: condition_is
{dimension} IN {values}

-- name: condition_is_not
{dimension} NOT IN {values}

-- name: condition_contains
multiSearchAnyCaseInsensitiveUTF8(toString({dimension}), {values})

-- name: condition_contains_not
NOT multiSearchAnyCaseInsensitiveUTF8(toString({dimension}), {values})

-- name: day_of_touch
toDate(quarter_hour, {zone:String})

-- name: day_of_conversion
toDate(conversion_time, {zone:String})

-- name: no_day
toDate(0)

-- name: cohort_day
toDate(installed, {zone:String})

-- name: cohort_week
toMonday(toDate(installed, {zone:String}))

-- name: cohort_month
toStartOfMonth(toDate(installed, {zone:String}))

-- name: age_in_24h
intDiv(toInt64(toUnixTimestamp(quarter_hour)) - toInt64(toUnixTimestamp(installed)), 86400)

-- name: age_in_calendar
toInt64(toDate(quarter_hour, {zone:String}) - toDate(installed, {zone:String}))

-- name: rates
SELECT currency AS rate_currency, day AS rate_day, rate FROM brought_rates

-- name: covered
SELECT day, media_source, app_id FROM brought_covered

-- name: touches
SELECT {day} AS report_day, {dimensions}
    sumIf(touches, touch_type = 'impression') AS impressions, sumIf(touches, touch_type = 'click') AS clicks
FROM {touch_counts} FINAL
WHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {until:DateTime('UTC')} AND {conditions}
GROUP BY {dimensions} report_day

-- name: touch_costs
SELECT report_day, {dimensions}
    if(currency = {own_currency:String} OR rate > 0, '', currency) AS kept_currency,
    sum(toDecimal256(spent, 12) * toDecimal256(if(currency = {own_currency:String} OR rate = 0, 1, rate), 12)) AS cost
FROM (
    SELECT {day} AS report_day, toDate(quarter_hour) AS utc_day, {dimensions}
        toDate(quarter_hour, {zone:String}) AS cost_day, toString(media_source) AS cost_source, toString(app_id) AS cost_app,
        toString(currency) AS currency, sum(cost) AS spent
    FROM {touch_counts} FINAL
    WHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {until:DateTime('UTC')} AND cost != 0 AND {conditions}
    GROUP BY {dimensions} report_day, utc_day, cost_day, cost_source, cost_app, currency
) AS amounts
LEFT ANY JOIN ({rate_table}) AS rates ON amounts.currency = rates.rate_currency AND amounts.utc_day = rates.rate_day
WHERE (cost_day, cost_source, cost_app) NOT IN ({covered}) AND (cost_day, cost_source, '') NOT IN ({covered})
GROUP BY {dimensions} report_day, kept_currency

-- name: has_prices
SELECT 1 FROM {touch_counts}
WHERE priced > 0 AND quarter_hour >= {since:DateTime('UTC')} - INTERVAL 90 DAY AND quarter_hour < {until:DateTime('UTC')}
LIMIT 1

-- name: price_costs
SELECT report_day, {dimensions}
    if(currency = {own_currency:String} OR rate > 0, '', currency) AS kept_currency,
    sum(toDecimal256(spent, 12) * toDecimal256(if(currency = {own_currency:String} OR rate = 0, 1, rate), 12)) AS cost
FROM (
    SELECT {day} AS report_day, toDate(conversion_time) AS utc_day, {dimensions}
        toDate(conversion_time, {zone:String}) AS cost_day, toString(media_source) AS cost_source,
        toString(app_id) AS cost_app, price_currency AS currency, sum(toDecimal128(price, 12)) AS spent
    FROM (
        SELECT * FROM {attributed} FINAL
        WHERE conversion_time >= {since:DateTime('UTC')} AND conversion_time < {until:DateTime('UTC')}
            AND attributed_touch_id != '' AND fraud_verdict != 'rejected' AND {conditions}
    ) AS conversions
    INNER JOIN (
        SELECT event_id, any(cost_value) AS price, any(cost_model) AS price_model, any(cost_currency) AS price_currency
        FROM {events}
        WHERE event_type IN ('click', 'impression') AND cost_model IN ('cpi', 'cpa') AND cost_value != 0
            AND event_time >= {since:DateTime('UTC')} - INTERVAL 90 DAY AND event_time < {until:DateTime('UTC')}
        GROUP BY event_id
    ) AS prices ON conversions.attributed_touch_id = prices.event_id
    WHERE (price_model = 'cpi' AND conversion_kind = 'install')
        OR (price_model = 'cpa' AND conversion_kind NOT IN {not_actions:Array(String)})
    GROUP BY {dimensions} report_day, utc_day, cost_day, cost_source, cost_app, currency
) AS amounts
LEFT ANY JOIN ({rate_table}) AS rates ON amounts.currency = rates.rate_currency AND amounts.utc_day = rates.rate_day
WHERE (cost_day, cost_source, cost_app) NOT IN ({covered}) AND (cost_day, cost_source, '') NOT IN ({covered})
GROUP BY {dimensions} report_day, kept_currency

-- name: conversions
SELECT report_day, {dimensions}
    if(currency = '' OR currency = {own_currency:String} OR rate > 0, '', currency) AS kept_currency,
    sum(installs) AS installs, sum(organic_installs) AS organic_installs, sum(reinstalls) AS reinstalls,
    sum(actions) AS actions, sum(organic_actions) AS organic_actions, sum(purchases) AS purchases, sum(rejected) AS rejected,
    sum(toDecimal256(paid, 9) * toDecimal256(if(currency = {own_currency:String} OR rate = 0, 1, rate), 12)) AS revenue,
    sum(toDecimal256(paid_organic, 9) * toDecimal256(if(currency = {own_currency:String} OR rate = 0, 1, rate), 12))
        AS organic_revenue
FROM (
    SELECT {day} AS report_day, toDate(conversion_time) AS utc_day, {dimensions}
        if(isNull(revenue) OR is_bad, '', toString(currency)) AS currency, fraud_verdict = 'rejected' AS is_bad,
        countIf(conversion_kind = 'install' AND NOT is_bad) AS installs,
        countIf(conversion_kind = 'install' AND NOT is_bad AND is_organic) AS organic_installs,
        countIf(conversion_kind IN ('reinstall', 're_attribution') AND NOT is_bad) AS reinstalls,
        countIf(conversion_kind NOT IN {not_actions:Array(String)} AND NOT is_bad) AS actions,
        countIf(conversion_kind NOT IN {not_actions:Array(String)} AND NOT is_bad AND is_organic) AS organic_actions,
        countIf(conversion_kind = 'purchase' AND NOT is_bad) AS purchases,
        countIf(is_bad) AS rejected,
        sumIf(toDecimal128(ifNull(revenue, 0), 9), NOT is_bad) AS paid,
        sumIf(toDecimal128(ifNull(revenue, 0), 9), NOT is_bad AND is_organic) AS paid_organic
    FROM {attributed} FINAL
    WHERE conversion_time >= {since:DateTime('UTC')} AND conversion_time < {until:DateTime('UTC')} AND {conditions}
    GROUP BY {dimensions} report_day, utc_day, currency, is_bad
) AS amounts
LEFT ANY JOIN ({rate_table}) AS rates ON amounts.currency = rates.rate_currency AND amounts.utc_day = rates.rate_day
GROUP BY {dimensions} report_day, kept_currency

-- name: users
SELECT {day} AS report_day, uniqExact({person}) AS users, sum(sessions) AS sessions
FROM {activity} FINAL
WHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {until:DateTime('UTC')} AND events > 0
GROUP BY report_day

-- name: users_by_install
SELECT report_day, {dimensions} count() AS users, sum(visits) AS sessions
FROM (
    SELECT {day} AS report_day, {member} AS member, sum(sessions) AS visits
    FROM {activity} FINAL
    WHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {until:DateTime('UTC')} AND events > 0
    GROUP BY report_day, member
) AS active
SEMI LEFT JOIN (
    SELECT {dimensions} {member} AS member FROM {attributed} FINAL
    WHERE conversion_kind = 'install' AND conversion_time < {until:DateTime('UTC')} AND {conditions}
) AS installs USING member
GROUP BY {dimensions} report_day

-- name: member
{person} + xxh3(app_id)

-- name: person
-- The id by which a person goes whose ids were joined; there is one row too many, because a list must not be empty.
transform(
    person_key,
    (SELECT groupArray(alias_key) FROM (
        SELECT 0 AS alias_key UNION ALL SELECT alias_key FROM {person_aliases} FINAL ORDER BY alias_key
    )),
    (SELECT groupArray(person_key) FROM (
        SELECT 0 AS alias_key, 0 AS person_key
        UNION ALL SELECT alias_key, person_key FROM {person_aliases} FINAL ORDER BY alias_key
    )),
    person_key
)

-- name: cohort
SELECT {dimensions} {member} AS member, toStartOfFifteenMinutes(conversion_time) AS installed
FROM {attributed} FINAL
WHERE conversion_kind = 'install' AND fraud_verdict != 'rejected' AND person_key != 0
    AND conversion_time >= {since:DateTime('UTC')} AND conversion_time < {until:DateTime('UTC')} AND {conditions}
ORDER BY conversion_time
LIMIT 1 BY member

-- name: cohort_sizes
SELECT {cohort_start} AS cohort, {dimensions} count() AS installs FROM ({cohort}) GROUP BY {dimensions} cohort

-- name: retained
SELECT {cohort_start} AS cohort, {dimensions}
    sumForEach(arrayMap(age -> toUInt64(has(active_ages, age)), {ages:Array(Int64)})) AS retained
FROM (
    SELECT {dimensions} installed, arrayMap(quarter_hour -> {age}, quarter_hours) AS active_ages
    FROM (
        SELECT {member} AS member, groupArray(quarter_hour) AS quarter_hours FROM {activity} FINAL
        WHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {active_until:DateTime('UTC')} AND events > 0
        GROUP BY member
    ) AS active
    SEMI LEFT JOIN ({cohort}) AS cohorts USING member
)
GROUP BY {dimensions} cohort

-- name: cohort_revenue
SELECT cohort, {dimensions} up_to_age,
    if(paid_currency = {own_currency:String} OR rate > 0, '', paid_currency) AS kept_currency,
    sum(toDecimal256(paid, 9) * toDecimal256(if(paid_currency = {own_currency:String} OR rate = 0, 1, rate), 12)) AS revenue
FROM (
    SELECT {cohort_start} AS cohort, {dimensions} arrayFirst(x -> x >= {age}, {ages:Array(Int64)}) AS up_to_age,
        toDate(quarter_hour) AS utc_day, toString(currency) AS paid_currency, sum(revenue) AS paid
    FROM (
        SELECT quarter_hour, {member} AS member, currency, revenue FROM {activity} FINAL
        WHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {active_until:DateTime('UTC')} AND currency != ''
    ) AS active
    SEMI LEFT JOIN ({cohort}) AS cohorts USING member
    WHERE quarter_hour >= installed AND {age} <= {age_max:Int64}
    GROUP BY {dimensions} cohort, up_to_age, utc_day, paid_currency
) AS amounts
LEFT ANY JOIN ({rate_table}) AS rates ON amounts.paid_currency = rates.rate_currency AND amounts.utc_day = rates.rate_day
GROUP BY {dimensions} cohort, up_to_age, kept_currency
