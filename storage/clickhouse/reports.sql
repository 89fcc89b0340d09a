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
PREWHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {until:DateTime('UTC')} AND {conditions}
GROUP BY {dimensions} report_day

-- name: touches_of_weeks
-- The same without days: whole weeks as they are summed, the rest by quarters of an hour.
SELECT toDate(0) AS report_day, {dimensions}
    sumIf(count, touch_type = 'impression') AS impressions, sumIf(count, touch_type = 'click') AS clicks
FROM (
    SELECT {dimensions} touch_type, touches AS count FROM {touch_weeks} FINAL
    PREWHERE week IN {weeks:Array(Date)} AND {conditions}
    UNION ALL
    SELECT {dimensions} touch_type, touches FROM {touch_counts} FINAL
    PREWHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {until:DateTime('UTC')}
        AND toMonday(quarter_hour) NOT IN {weeks:Array(Date)} AND {conditions}
)
GROUP BY {keys}

-- name: counts
-- A condition of the sum, not of the rows: as that it would be asked of each touch, before anything is added up.
(cost_day, cost_source, cost_app) NOT IN ({covered}) AND (cost_day, cost_source, '') NOT IN ({covered})

-- name: spent
-- Only what has a cost has a currency, and all of this is in the key, so that it is sifted first, FINAL or not. Of whole
-- weeks it was sifted when they were summed.
SELECT quarter_hour, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id, currency, cost
FROM {cost_weeks} FINAL
PREWHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {until:DateTime('UTC')}
    AND toMonday(quarter_hour) IN {weeks:Array(Date)} AND {conditions}
UNION ALL
SELECT quarter_hour, app_id, platform, country, media_source, channel, campaign, adset, ad, site_id, currency, cost
FROM {touch_counts} FINAL
PREWHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {until:DateTime('UTC')}
    AND toMonday(quarter_hour) NOT IN {weeks:Array(Date)} AND currency != '' AND {conditions}

-- name: touch_costs
SELECT report_day, {dimensions}
    if(currency = {own_currency:String} OR rate > 0, '', currency) AS kept_currency,
    sumIf(
        toDecimal256(spent, 12) * toDecimal256(if(currency = {own_currency:String} OR rate = 0, 1, rate), 12), {counts}
    ) AS cost
FROM (
    SELECT {day} AS report_day, toDate(quarter_hour) AS utc_day, {dimensions}
        toDate(quarter_hour, {zone:String}) AS cost_day, toString(media_source) AS cost_source, toString(app_id) AS cost_app,
        toString(currency) AS currency, sum(cost) AS spent
    FROM ({spent})
    WHERE cost != 0
    GROUP BY {dimensions} report_day, utc_day, cost_day, cost_source, cost_app, currency
) AS amounts
LEFT ANY JOIN ({rate_table}) AS rates ON amounts.currency = rates.rate_currency AND amounts.utc_day = rates.rate_day
GROUP BY {dimensions} report_day, kept_currency
HAVING cost != 0

-- name: has_prices
SELECT 1 FROM {touch_counts}
WHERE priced > 0 AND quarter_hour >= {since:DateTime('UTC')} - INTERVAL 90 DAY AND quarter_hour < {until:DateTime('UTC')}
LIMIT 1

-- name: price_costs
SELECT report_day, {dimensions}
    if(currency = {own_currency:String} OR rate > 0, '', currency) AS kept_currency,
    sumIf(
        toDecimal256(spent, 12) * toDecimal256(if(currency = {own_currency:String} OR rate = 0, 1, rate), 12), {counts}
    ) AS cost
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
        WHERE event_type IN ('click', 'impression') AND cost_model IN ('cpi', 'cpa') AND cost_value != 0 AND cost_currency != ''
            AND event_time >= {since:DateTime('UTC')} - INTERVAL 90 DAY AND event_time < {until:DateTime('UTC')}
        GROUP BY event_id
    ) AS prices ON conversions.attributed_touch_id = prices.event_id
    WHERE (price_model = 'cpi' AND conversion_kind = 'install')
        OR (price_model = 'cpa' AND conversion_kind NOT IN {not_actions:Array(String)})
    GROUP BY {dimensions} report_day, utc_day, cost_day, cost_source, cost_app, currency
) AS amounts
LEFT ANY JOIN ({rate_table}) AS rates ON amounts.currency = rates.rate_currency AND amounts.utc_day = rates.rate_day
GROUP BY {dimensions} report_day, kept_currency
HAVING cost != 0

-- name: conversions
SELECT report_day, {dimensions}
    if(currency = '' OR currency = {own_currency:String} OR rate > 0, '', currency) AS kept_currency,
    sum(installs) AS installs, sum(organic_installs) AS organic_installs, sum(reinstalls) AS reinstalls,
    sum(actions) AS actions, sum(organic_actions) AS organic_actions, sum(purchases) AS purchases, sum(rejected) AS rejected,
    sum(toDecimal256(paid, 9) * toDecimal256(if(currency = {own_currency:String} OR rate = 0, 1, rate), 12)) AS revenue,
    sum(toDecimal256(paid_organic, 9) * toDecimal256(if(currency = {own_currency:String} OR rate = 0, 1, rate), 12))
        AS organic_revenue
FROM (
    -- The day matters only to what has to be converted.
    SELECT {day} AS report_day, {dimensions} if(isNull(revenue) OR is_bad, '', toString(currency)) AS currency,
        if(currency IN ('', {own_currency:String}), toDate(0), toDate(conversion_time)) AS utc_day,
        fraud_verdict = 'rejected' AS is_bad,
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
-- And those of all days together, under a day that is none.
SELECT {day} AS report_day, uniqExact({person}) AS users, sum(activity.sessions) AS sessions, sum(activity.events) AS events
FROM {activity} AS activity FINAL
PREWHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {until:DateTime('UTC')}
WHERE activity.events > 0
GROUP BY report_day WITH ROLLUP

-- name: users_by_install
SELECT report_day, {dimensions} count() AS users, sum(visits) AS sessions, sum(acts) AS events
FROM (
    SELECT {day} AS report_day, {member} AS member, sum(sessions) AS visits, sum(activity.events) AS acts
    FROM {activity} AS activity FINAL
    PREWHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {until:DateTime('UTC')}
    WHERE activity.events > 0
    GROUP BY report_day, member
) AS active
SEMI LEFT JOIN ({installs}) AS installs USING member
GROUP BY {dimensions} report_day

-- name: users_by_install_of_all_days
SELECT toDate(0) AS report_day, {dimensions} count() AS users, sum(visits) AS sessions, sum(acts) AS events
FROM (SELECT member, sum(sessions) AS visits, sum(events) AS acts FROM ({active}) GROUP BY member) AS active
SEMI LEFT JOIN ({installs}) AS installs USING member
GROUP BY {dimensions} report_day

-- name: installs
SELECT {dimensions} {member} AS member FROM {attributed} FINAL
WHERE conversion_kind = 'install' AND conversion_time < {until:DateTime('UTC')} AND {conditions}

-- name: active
-- Who was active when: quarters of an hour since a time (seconds since 1970), in order. Whole weeks as they are summed,
-- the rest one by one.
SELECT {member} AS member, toUnixTimestamp(toDateTime(week, 'UTC')) AS active_since, quarters, sessions, events
FROM {activity_weeks} FINAL
PREWHERE week IN {weeks:Array(Date)}
WHERE notEmpty(quarters)
UNION ALL
SELECT {member}, toUnixTimestamp(quarter_hour), [toUInt16(0)], activity.sessions, activity.events
FROM {activity} AS activity FINAL
PREWHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {active_until:DateTime('UTC')}
    AND toMonday(quarter_hour) NOT IN {weeks:Array(Date)}
WHERE activity.events > 0

-- name: has_aliases
SELECT 1 FROM {person_aliases} LIMIT 1

-- name: member
{person} + xxh3(app_id)

-- name: cohort
-- `cohort_key` stands for the cohort and the values of the breakdown: one number travels through a join for half of what
-- they would cost. Which they are says `cohort_sizes`.
SELECT {dimensions} {member} AS member, {install} toStartOfFifteenMinutes(conversion_time) AS installed,
    xxh3({dimensions} {cohort_start}) AS cohort_key
FROM {attributed} FINAL
WHERE conversion_kind = 'install' AND fraud_verdict != 'rejected' AND person_key != 0
    AND conversion_time >= {since:DateTime('UTC')} AND conversion_time < {until:DateTime('UTC')} AND {conditions}
ORDER BY conversion_time
LIMIT 1 BY member

-- name: cohort_sizes
SELECT {cohort_start} AS cohort, {dimensions} any(cohort_key) AS cohort_key, count() AS installs
FROM ({cohort})
GROUP BY {dimensions} cohort

-- name: retained
-- Each age that is asked for is a bit. Ages are counted from 500, so that what was before the install, by up to the 400
-- days of a report, is no age at all.
SELECT cohort_key, [{retained_counts}] AS retained
FROM (
    SELECT any(cohort_key) AS cohort_key, groupBitOrArray(arrayMap(
        quarter -> transform(
            toUInt16({days_later}), arrayMap(age -> age + 500, {ages:Array(Int64)}),
            arrayMap(place -> bitShiftLeft(toUInt64(1), place), range(length({ages:Array(Int64)}))), toUInt64(0)
        ),
        quarters
    )) AS bits
    FROM ({active}) AS active
    SEMI LEFT JOIN ({cohort}) AS cohorts USING member
    GROUP BY member
)
GROUP BY cohort_key

-- name: retained_at
countIf(bitTest(bits, {place}))

-- name: days_later_24h
intDiv(toUInt32(intDiv(active_since + 500 * 86400 - toUnixTimestamp(installed), 900) + quarter), 96)

-- name: days_later_calendar
if(
    active_since + 900 * quarter < toUnixTimestamp(installed), 0,
    500 + toDate(toDateTime(active_since + 900 * quarter, {zone:String})) - toDate(installed, {zone:String})
)

-- name: earned
-- Amounts of whole weeks as they are summed, the rest one by one.
SELECT quarter_hour, {member} AS member, currency, revenue FROM {revenue_weeks} FINAL
PREWHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {active_until:DateTime('UTC')}
    AND toMonday(quarter_hour) IN {weeks:Array(Date)}
UNION ALL
SELECT quarter_hour, {member}, currency, revenue FROM {activity} FINAL
PREWHERE quarter_hour >= {since:DateTime('UTC')} AND quarter_hour < {active_until:DateTime('UTC')}
    AND toMonday(quarter_hour) NOT IN {weeks:Array(Date)} AND currency != ''

-- name: cohort_revenue
SELECT cohort_key, up_to_age,
    if(paid_currency = {own_currency:String} OR rate > 0, '', paid_currency) AS kept_currency,
    sum(toDecimal256(paid, 9) * toDecimal256(if(paid_currency = {own_currency:String} OR rate = 0, 1, rate), 12)) AS revenue
FROM (
    SELECT cohort_key, arrayFirst(x -> x >= {age}, {ages:Array(Int64)}) AS up_to_age,
        toString(currency) AS paid_currency, sum(revenue) AS paid,
        if(paid_currency = {own_currency:String}, toDate(0), toDate(quarter_hour)) AS utc_day
    FROM ({earned}) AS earned
    SEMI LEFT JOIN ({cohort}) AS cohorts USING member
    WHERE quarter_hour >= installed AND {age} <= {age_max:Int64}
    GROUP BY cohort_key, up_to_age, utc_day, paid_currency
) AS amounts
LEFT ANY JOIN ({rate_table}) AS rates ON amounts.paid_currency = rates.rate_currency AND amounts.utc_day = rates.rate_day
GROUP BY cohort_key, up_to_age, kept_currency

-- name: install
-- What an install is known by where it was foretold.
{person} AS person, conversion_time AS installed_at,

-- name: foretold
SELECT cohort_key, count() AS installs, sumForEach(known) AS known, sumForEach(later) AS later,
    sumForEach(variance) AS variance
FROM (
    SELECT {person} AS person, installed_at, known, later, variance FROM {install_values}
    WHERE snapshot = {snapshot:UInt64} AND installed_at >= {since:DateTime('UTC')} AND installed_at < {until:DateTime('UTC')}
) AS foretold
SEMI LEFT JOIN ({cohort}) AS cohorts USING person, installed_at
GROUP BY cohort_key
