-- A converting journey is the valid touches of a conversion, in its newest revision. A null journey is what is left: the
-- touches of a person (the strongest identity of the touch, or the one by which a joined person goes; without any, its
-- click id, else the touch itself) of whom
-- nobody knows a chosen conversion, neither under that identity nor through one of the touches, from the beginning of
-- the span to a lookback window after its end. Counted from the person's first touch, each lookback window is a journey.
-- Of clicks of one channel within ten seconds the last stands, as when conversions are attributed.

-- name: labels
-- The channels that occur, the ones with most touches first.
SELECT label, sum(touches) AS total FROM (
    SELECT {touch_label} AS label, count() AS touches
    FROM {events}
    WHERE {touches_asked_for}
    GROUP BY label
    UNION ALL
    SELECT arrayJoin({journey_labels}) AS label, count() AS touches
    FROM {attributed} FINAL
    WHERE {conversions_asked_for}
    GROUP BY label
)
GROUP BY label ORDER BY total DESC, label LIMIT {labels_max:UInt32}

-- name: folded
-- Each distinct path once, with how many people converted at its end, how many did not, and the conversions' value.
SELECT path, lead, sum(converted) AS conversions, sum(lost) AS nulls, sum(worth) AS value FROM (
    SELECT {journey_codes} AS path, {lead} AS lead, 1 AS converted, 0 AS lost, {worth} AS worth
    FROM {attributed_with_leads}
    WHERE notEmpty(touch_ids) AND {conversions_asked_for}
    UNION ALL
    SELECT
        arrayJoin(arraySplit(
            (touch, window, before) -> window != before,
            touches.3, windows, arrayPushFront(arrayPopBack(windows), 0)
        )) AS path, toInt64(-1), 0, 1, 0
    FROM (
        SELECT
            arraySort(groupArray(({touch_milliseconds}, {touch_hash}, {touch_code}, event_type = 'click'))) AS all_touches,
            arrayFilter(
                (touch, next) -> touch.2 != next.2 AND NOT (
                    touch.4 AND next.4 AND touch.3 = next.3 AND next.1 - touch.1 <= {duplicate_milliseconds:Int64}
                ),
                all_touches, arrayPushBack(arrayPopFront(all_touches), (toInt64(0), toUInt64(0), toUInt16(0), toUInt8(0)))
            ) AS touches,
            arrayMap(time -> intDiv(time - touches[1].1, {lookback_milliseconds:Int64}), touches.1) AS windows
        FROM {events}
        WHERE {touches_asked_for}
        GROUP BY {touch_person} AS person
        HAVING
            person NOT IN (SELECT {joined_key} FROM {attributed} FINAL WHERE {conversions_near})
            AND NOT max({touch_hash} IN (SELECT xxh3(arrayJoin(touch_ids)) FROM {attributed} FINAL WHERE {conversions_near}))
    )
)
GROUP BY path, lead

-- name: timed
-- Every converting journey on its own, with the days from each touch to the conversion.
SELECT
    {journey_codes} AS path,
    arrayMap(time -> dateDiff('millisecond', time, conversion_time) / 86400000, touch_times) AS ages,
    {lead} AS lead,
    {worth} AS value,
    touch_credits
FROM {attributed_with_leads}
WHERE notEmpty(touch_ids) AND {conversions_asked_for}

-- name: made
-- The conversions asked for, by the currency that their revenue can be told in ('': they have none): how many, how many
-- of them without a touch, how many each learned model shared out, and their revenue as it was.
SELECT multiIf(revenue IS NULL, '', {rate} > 0, {own_currency:String}, currency) AS currency_of, count() AS conversions, countIf(empty(touch_ids)) AS organic,
    sumMapIf(map(toString(learned_model), toUInt64(1)), notEmpty(touch_credits)) AS credited, sum(revenue) AS revenue_sum
FROM {attributed} FINAL
WHERE {conversions_asked_for}
GROUP BY currency_of ORDER BY conversions DESC, currency_of

-- name: version
-- What changes whenever anything is stored.
SELECT (SELECT count() FROM {events}), (SELECT count() FROM {attributed}), (SELECT count() FROM {person_aliases})

-- name: touches_asked_for
event_type IN ('click', 'impression') AND event_time >= {since:DateTime64(3, 'UTC')} AND event_time < {until:DateTime64(3, 'UTC')}
{conditions}

-- name: conversions_asked_for
conversion_time >= {since:DateTime64(3, 'UTC')} AND conversion_time < {until:DateTime64(3, 'UTC')}
AND conversion_type IN {conversion_types:Array(String)} AND fraud_verdict != 'rejected'
AND ({event_name:String} = '' OR event_name = {event_name:String})
{conditions}

-- name: conversions_near
conversion_time >= {since:DateTime64(3, 'UTC')} AND conversion_time < {near:DateTime64(3, 'UTC')}
AND conversion_type IN {conversion_types:Array(String)}
AND ({event_name:String} = '' OR event_name = {event_name:String})

-- name: attributed_with_leads
{attributed} FINAL LEFT ANY JOIN (
    SELECT {joined_person} AS lead_person, arraySort(groupArray(event_time)) AS lead_times
    FROM {events}
    WHERE event_type = 'in_app' AND {lead_event:String} != '' AND event_name = {lead_event:String} AND event_time < {until:DateTime64(3, 'UTC')}
    GROUP BY lead_person
) AS leads ON {joined_key} = lead_person

-- name: lead
-- The place of the touch before the first lead event of the journey; -1 where there is none, as its time is 1970 then.
toInt64(arrayCount(
    time -> time <= arrayFirst(led -> led >= touch_times[1] AND led <= conversion_time, lead_times), touch_times
)) - 1

-- name: worth
toFloat64(ifNull(revenue, 0)) * {rate}

-- name: rate
-- What one unit of the conversion's currency was worth on its day of UTC; 0 where nobody knows.
-- A list to look something up in has to have something in it.
if(currency = {own_currency:String}, 1, transform(
    concat(currency, ' ', toString(toDate(conversion_time, 'UTC'))),
    (SELECT arrayPushFront(groupArray(concat(currency, ' ', toString(day))), '') FROM {ordered_rates}),
    (SELECT arrayPushFront(groupArray(toFloat64(rate)), toFloat64(0)) FROM {ordered_rates}),
    toFloat64(0)
))

-- name: ordered_rates
(SELECT currency, day, rate FROM brought_rates ORDER BY currency, day)

-- name: touch_person
if({person_key} != 0, {joined_person}, xxh3(if(click_id != '', concat('click_id:', click_id), concat('touch:', event_id))))

-- name: touch_hash
xxh3(event_id)

-- name: touch_milliseconds
toUnixTimestamp64Milli(event_time)

-- name: touch_code
transform(xxh3({touch_label}), {labels:Array(UInt64)}, {codes:Array(UInt16)}, toUInt16({others:UInt16}))

-- name: journey_codes
arrayMap(label -> transform(xxh3(label), {labels:Array(UInt64)}, {codes:Array(UInt16)}, toUInt16({others:UInt16})), {journey_labels})

-- name: condition
AND {negation} has({{values}:Array(String)}, {field})

-- name: text_condition
AND {negation} arrayExists(part -> positionCaseInsensitiveUTF8({field}, part) > 0, {{values}:Array(String)})
