-- The strongest identity of an event, as attribution/people.py takes it; 0 for an event without any.

-- name: person_key
multiIf(
    device_id != '', xxh3(concat('vendor_id:', device_id)),
    gaid != '', xxh3(concat('advertising_id:', gaid)),
    idfa != '', xxh3(concat('advertising_id:', idfa)),
    idfv != '', xxh3(concat('vendor_id:', idfv)),
    oaid != '', xxh3(concat('advertising_id:', oaid)),
    user_id != '', xxh3(concat('user_id:', user_id)),
    0
)

-- name: joined
-- The key by which a person goes whose ids were joined; there is one row too many, because a list must not be empty.
transform(
    {key},
    (SELECT groupArray(alias_key) FROM (
        SELECT 0 AS alias_key UNION ALL SELECT alias_key FROM {person_aliases} FINAL ORDER BY alias_key
    )),
    (SELECT groupArray(person_key) FROM (
        SELECT 0 AS alias_key, 0 AS person_key
        UNION ALL SELECT alias_key, person_key FROM {person_aliases} FINAL ORDER BY alias_key
    )),
    {key}
)
