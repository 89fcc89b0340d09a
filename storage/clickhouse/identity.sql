-- name: touches_stored
SELECT key_hash, min(touch_time) AS earliest, now64(3, 'UTC') AS asked_at
FROM {touch_keys}
WHERE stored_at >= {since}
GROUP BY key_hash

-- name: conversions_of
SELECT DISTINCT event_id FROM {events}
WHERE event_type NOT IN ('impression', 'click') AND (
    user_id IN ({user_ids:Array(String)}) OR anonymous_id IN ({anonymous_ids:Array(String)})
    OR device_id IN ({vendor_ids:Array(String)}) OR idfv IN ({vendor_ids:Array(String)})
    OR gaid IN ({advertising_ids:Array(String)}) OR idfa IN ({advertising_ids:Array(String)})
    OR oaid IN ({advertising_ids:Array(String)})
)
