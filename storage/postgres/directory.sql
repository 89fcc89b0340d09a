-- name: version
SELECT version, ended FROM directory_version

-- name: tenants
SELECT tenant_id, host, name, state, events_per_second, events_per_day, requests_at_once, shards, conversion_events
FROM tenants
WHERE state IN ('active', 'suspended', 'exporting')

-- name: keys
SELECT key_hash, tenant_id, kind, scopes, events_per_second, key_id, name FROM api_keys WHERE revoked_at IS NULL

-- name: signing_keys
SELECT kid, tenant_id, private_key_sealed, public_jwk, signs_from FROM signing_keys
ORDER BY tenant_id, signs_from, kid

-- name: ended
SELECT tenant_id, subject, version_min FROM ended_tokens

-- name: ended_as_of
SELECT v.ended AS version, e.tenant_id, e.subject, e.version_min FROM directory_version AS v LEFT JOIN ended_tokens AS e ON true

-- name: links
SELECT tenant_id, link_id, definition FROM links

-- name: app_links
SELECT tenant_id, definition FROM app_links

-- name: event_schemas
SELECT DISTINCT ON (tenant_id, event_name) tenant_id, event_name, version, on_violation, definition
FROM event_schemas
ORDER BY tenant_id, event_name, version DESC

-- name: tenant
SELECT tenant_id, host, name, state, events_per_second, events_per_day, requests_at_once, shards, conversion_events
FROM tenants WHERE tenant_id = $1

-- name: set_conversion_events
UPDATE tenants SET conversion_events = $2 WHERE tenant_id = $1

-- name: add_key
INSERT INTO api_keys (key_hash, key_prefix, tenant_id, kind, scopes, name) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (key_hash) DO NOTHING

-- name: add_signing_key
INSERT INTO signing_keys (kid, tenant_id, private_key_sealed, public_jwk)
SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE tenant_id = $2)
