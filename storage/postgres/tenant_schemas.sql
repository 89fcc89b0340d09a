-- name: brought_up
SELECT tenant_id FROM tenant_schemas WHERE brought_up_to = $1

-- name: note
INSERT INTO tenant_schemas (tenant_id, brought_up_to) SELECT tenant_id, $2 FROM tenants WHERE tenant_id = $1
ON CONFLICT (tenant_id) DO UPDATE SET brought_up_to = EXCLUDED.brought_up_to
