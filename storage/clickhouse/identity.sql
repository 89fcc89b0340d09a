-- name: touches_stored
SELECT key_hash, min(touch_time) AS earliest, now64(3, 'UTC') AS asked_at
FROM {touch_keys}
WHERE stored_at >= {since}
GROUP BY key_hash

-- name: conversions_of
SELECT DISTINCT event_id FROM {events}
WHERE event_type NOT IN ('impression', 'click') AND event_time >= {since} AND event_time < {until} AND (
    user_id IN (SELECT value FROM brought_ids WHERE kind = 'user_id')
    OR anonymous_id IN (SELECT value FROM brought_ids WHERE kind = 'anonymous_id')
    OR device_id IN (SELECT value FROM brought_ids WHERE kind = 'vendor_id')
    OR idfv IN (SELECT value FROM brought_ids WHERE kind = 'vendor_id')
    OR gaid IN (SELECT value FROM brought_ids WHERE kind = 'advertising_id')
    OR idfa IN (SELECT value FROM brought_ids WHERE kind = 'advertising_id')
    OR oaid IN (SELECT value FROM brought_ids WHERE kind = 'advertising_id')
)
