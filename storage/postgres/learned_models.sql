-- name: register
-- Not of a tenant that is on its way out: what the lake has of it is being deleted.
WITH entered AS (
    INSERT INTO learned_models (model_id, kind, tenant_id, state, document, artifact_sha256, created_at)
    SELECT $1, $2, $3, 'challenger', $4, $5, $6
    WHERE $3::text IS NULL OR EXISTS (
        SELECT FROM tenants AS t WHERE t.tenant_id = $3 AND t.state IN ('active', 'suspended') FOR SHARE
    )
    ON CONFLICT (model_id) DO NOTHING
    RETURNING model_id
)
SELECT EXISTS (SELECT FROM entered) OR EXISTS (SELECT FROM learned_models AS m WHERE m.model_id = $1)

-- name: artifacts
SELECT model_id, tenant_id, artifact_sha256 FROM learned_models

-- name: one
SELECT * FROM learned_models WHERE model_id = $1

-- name: page
SELECT * FROM learned_models
WHERE ($1::timestamptz IS NULL OR (created_at, model_id) < ($1, $2))
    AND ($3::text IS NULL OR kind = $3) AND ($4::text IS NULL OR tenant_id = $4
        OR ($5 AND tenant_id IS NULL AND state = 'champion'))
ORDER BY created_at DESC, model_id DESC
LIMIT $6

-- name: champions
SELECT * FROM learned_models WHERE state = 'champion'

-- name: of_scope
SELECT * FROM learned_models
WHERE kind = $1 AND tenant_id IS NOT DISTINCT FROM $2 AND state = $3
ORDER BY created_at DESC, model_id DESC

-- name: lock_scope
-- Of two promotions of one scope the second sees what the first did.
SELECT pg_advisory_xact_lock(hashtext('learned:' || $1 || ':' || coalesce($2, '')))

-- name: champions_before
-- So many champions before one, in the order of going back: each time to the one in whose place it came, never twice to
-- the same. Going back itself does not count as coming in a place.
WITH RECURSIVE back AS (
    SELECT 0 AS place, $3::text AS model_id, ARRAY[$3::text] AS seen
    UNION ALL
    SELECT b.place + 1, came.model_id, b.seen || came.model_id
    FROM back AS b
    CROSS JOIN LATERAL (
        SELECT m.model_id FROM learned_promotions AS p
        JOIN learned_models AS m ON m.model_id = p.previous_model_id
        WHERE p.kind = $1 AND p.tenant_id IS NOT DISTINCT FROM $2 AND p.model_id = b.model_id AND NOT p.is_rollback
        ORDER BY p.promotion_id DESC
        LIMIT 1
    ) AS came
    WHERE b.place < $4 AND came.model_id <> ALL(b.seen)
)
SELECT m.* FROM back AS b
JOIN learned_models AS m ON m.model_id = b.model_id
WHERE b.place > 0
ORDER BY b.place

-- name: set_state
UPDATE learned_models SET state = $2, promoted_at = CASE WHEN $2 = 'champion' THEN now() ELSE promoted_at END
WHERE model_id = $1

-- name: tell_stand_ins
-- Which model serves in the place of which champion; all others serve themselves.
UPDATE learned_models AS m SET
    stood_in_by = s.stand_in,
    stood_in_since = CASE WHEN s.champion IS NULL THEN NULL ELSE coalesce(c.stood_in_since, now()) END
FROM learned_models AS c
LEFT JOIN unnest($1::text [], $2::text []) AS s (champion, stand_in) ON s.champion = c.model_id
WHERE m.model_id = c.model_id AND (s.champion IS NOT NULL OR c.stood_in_since IS NOT NULL)

-- name: set_aside
-- Not one that was promoted in the meantime.
UPDATE learned_models SET state = $2 WHERE model_id = $1 AND state = 'challenger'

-- name: add_to_shadow
-- Of several tenants at once each changes its own sums. Those beside another champion count no more, and nothing is
-- added beside one that has stepped down, or of a tenant that goes.
UPDATE learned_models AS m SET
    shadow = coalesce(m.shadow, '{}') || jsonb_build_object(
        'champion', $2::text,
        'by_tenant', CASE
            WHEN m.shadow ->> 'champion' = $2 THEN (m.shadow -> 'by_tenant') - $3::text ELSE '{}'
        END || $4::jsonb
    )
WHERE m.model_id = $1 AND m.state = 'challenger'
    AND EXISTS (SELECT FROM learned_models AS c WHERE c.model_id = $2 AND c.state = 'champion')
    AND EXISTS (SELECT FROM tenants AS t WHERE t.tenant_id = $3 AND t.state IN ('active', 'suspended') FOR SHARE)
RETURNING m.shadow -> 'by_tenant' AS by_tenant

-- name: tell_in_shadow
UPDATE learned_models SET shadow = coalesce(shadow, '{}') || $2::jsonb WHERE model_id = $1 AND state = 'challenger'

-- name: forget_in_shadows
UPDATE learned_models SET shadow = shadow #- ARRAY['by_tenant', $1] WHERE shadow -> 'by_tenant' ? $1

-- name: note_promotion
INSERT INTO learned_promotions (kind, tenant_id, model_id, previous_model_id, promoted_by, reason, is_rollback)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: promotions
SELECT * FROM learned_promotions
WHERE ($1::text IS NULL OR kind = $1) AND tenant_id IS NOT DISTINCT FROM $2
ORDER BY promotion_id DESC LIMIT $3
