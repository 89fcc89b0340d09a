-- name: tenants
SELECT tenant_id FROM tenants WHERE state <> 'erasing' ORDER BY tenant_id

-- name: signing_keys
SELECT kid, tenant_id, private_key_sealed FROM signing_keys ORDER BY kid

-- name: replace_signing_key
UPDATE signing_keys SET private_key_sealed = $2 WHERE kid = $1

-- name: job_secrets
SELECT job_id, secrets_sealed FROM jobs WHERE secrets_sealed IS NOT NULL ORDER BY job_id

-- name: replace_job_secrets
UPDATE jobs SET secrets_sealed = $2 WHERE job_id = $1 AND secrets_sealed IS NOT NULL
