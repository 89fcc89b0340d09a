-- name: lock
SELECT 1 FROM tenants WHERE tenant_id = $1 FOR UPDATE

-- name: waiting
SELECT 1 FROM signing_keys WHERE tenant_id = $1 AND signs_from > now()

-- name: forget_ended
DELETE FROM signing_keys AS k
WHERE k.tenant_id = $1 AND EXISTS (
    SELECT 1 FROM signing_keys AS later
    WHERE later.tenant_id = $1 AND later.signs_from > k.signs_from
        AND later.signs_from < now() - make_interval(secs => $2)
)

-- name: forget_all
DELETE FROM signing_keys WHERE tenant_id = $1

-- name: add
INSERT INTO signing_keys (kid, tenant_id, private_key_sealed, public_jwk, signs_from)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))
RETURNING signs_from
