-- name: install_traces
-- A crowd behind one address is a crowd after a thousand: what a look-up reads has a bound.
SELECT key_hash, install_id, install_time, app_id, person_key, os_version, app_version, platform
FROM {install_keys}
WHERE key_hash IN ({hashes}) AND install_time BETWEEN {since} AND {until} AND event_type = 'install'
ORDER BY key_hash, install_time, install_id
LIMIT 1000 BY key_hash

-- name: site_installs
SELECT app_id, claimed_media_source, claimed_site_id,
    least({last_bucket:UInt8}, toUInt8(floor(4 * log2(greatest(assumeNotNull(claimed_ctit_seconds), 0) + 1)))) AS bucket,
    count() AS installs,
    countIf(claimed_ctit_seconds > {late_seconds:Float64}) AS late_installs
FROM {attributed} FINAL
WHERE conversion_time >= {since} AND conversion_time < {until}
    AND conversion_type = 'install' AND claimed_ctit_seconds IS NOT NULL
GROUP BY app_id, claimed_media_source, claimed_site_id, bucket

-- name: site_clicks
SELECT app_id, media_source, site_id, count() AS clicks
FROM {events}
WHERE event_type = 'click' AND event_time >= {since} AND event_time < {until}
GROUP BY app_id, media_source, site_id
HAVING clicks > {clicks_min:UInt64}

-- name: installs_total
SELECT count() FROM {attributed} FINAL
WHERE conversion_time >= {since} AND conversion_time < {until} AND conversion_type IN ('install', 'reinstall')

-- name: installs_sample
-- By a hash of the id: the same installs at each call, whatever else is asked.
SELECT conversion_id FROM {attributed} FINAL
WHERE conversion_time >= {since} AND conversion_time < {until} AND conversion_type IN ('install', 'reinstall')
ORDER BY sipHash64(conversion_id) LIMIT {limit:UInt32}

-- name: touch_costs
SELECT event_id, any(cost_value), any(cost_currency) FROM {events}
WHERE event_type IN ('click', 'impression') AND event_time IN ({times}) AND xxh3(event_id) IN ({hashes})
    AND cost_value IS NOT NULL
GROUP BY event_id
