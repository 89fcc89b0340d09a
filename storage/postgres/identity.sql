-- name: link
SELECT link_identities($1, $2, $3, $4, $5, $6, $7)

-- name: has_edges
SELECT EXISTS (SELECT 1 FROM identity_edges WHERE removed_at IS NULL)

-- name: around
-- Of each id a few more edges than join, so that one that stands for many people is known for it.
SELECT e.edge_id, e.user_id, e.other_kind, e.other_value, e.event_id, e.linked_at,
    e.recorded_at, e.removed_at, e.removed_by
FROM unnest($1::bigint[], $2::boolean[], $3::integer[]) AS k (key, is_user, at_most)
CROSS JOIN LATERAL (
    SELECT * FROM identity_edges AS u
    WHERE k.is_user AND u.user_key = k.key AND (u.removed_at IS NOT NULL) = $4
    LIMIT k.at_most
) AS e
UNION
SELECT e.edge_id, e.user_id, e.other_kind, e.other_value, e.event_id, e.linked_at,
    e.recorded_at, e.removed_at, e.removed_by
FROM unnest($1::bigint[], $2::boolean[], $3::integer[]) AS k (key, is_user, at_most)
CROSS JOIN LATERAL (
    SELECT * FROM identity_edges AS o
    WHERE NOT k.is_user AND o.other_key = k.key AND (o.removed_at IS NOT NULL) = $4
    LIMIT k.at_most
) AS e
ORDER BY edge_id

-- name: remove
WITH removed AS (
    UPDATE identity_edges SET removed_at = now(), removed_by = $2 WHERE edge_id = $1 AND removed_at IS NULL
    RETURNING edge_id
)
INSERT INTO identity_changes (edge_id, is_removal) SELECT edge_id, true FROM removed

-- name: one
SELECT edge_id, user_id, other_kind, other_value, event_id, linked_at, recorded_at, removed_at, removed_by
FROM identity_edges WHERE edge_id = $1

-- name: changes
SELECT c.change_id, c.is_removal, e.user_id, e.other_kind, e.other_value
FROM identity_changes AS c INNER JOIN identity_edges AS e ON e.edge_id = c.edge_id
ORDER BY c.change_id LIMIT $1

-- name: waiting
SELECT count(*) AS waiting, min(CASE WHEN c.is_removal THEN e.removed_at ELSE e.recorded_at END) AS since
FROM identity_changes AS c INNER JOIN identity_edges AS e ON e.edge_id = c.edge_id

-- name: has_changes
SELECT EXISTS (SELECT 1 FROM identity_changes)

-- name: told
WITH told AS (DELETE FROM identity_changes WHERE change_id = ANY($1::bigint[])),
affected AS (
    SELECT k.conversion_id, k.shard FROM conversion_keys AS k WHERE k.key_hash = ANY($2::bigint[]) AND k.settles_at > now()
    UNION
    SELECT c.conversion_id, c.shard FROM conversions AS c WHERE c.conversion_id = ANY($3::text[])
)
INSERT INTO attribution_requeues (conversion_id, shard, cause)
SELECT a.conversion_id, a.shard, 'identity' FROM affected AS a
