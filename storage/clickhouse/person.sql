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
