-- name: versions
WITH in_force AS (SELECT a.version FROM policy_adoptions AS a ORDER BY a.adoption_id DESC LIMIT 1)
SELECT p.version, p.document, p.note, p.created_by, p.created_at, newest.adopted_at, newest.adopted_by,
    p.version = in_force.version AS is_adopted
FROM policies AS p
CROSS JOIN in_force
LEFT JOIN LATERAL (
    SELECT a.adopted_at, a.adopted_by FROM policy_adoptions AS a WHERE a.version = p.version
    ORDER BY a.adoption_id DESC LIMIT 1
) AS newest ON true
WHERE $1::integer IS NULL OR p.version = $1
ORDER BY p.version DESC

-- name: in_force
SELECT p.version, p.document FROM policies AS p
WHERE p.version = (SELECT a.version FROM policy_adoptions AS a ORDER BY a.adoption_id DESC LIMIT 1)

-- name: lock
LOCK TABLE policies IN SHARE ROW EXCLUSIVE MODE

-- name: add
INSERT INTO policies (version, document, note, created_by)
SELECT max(version) + 1, $1, $2, $3 FROM policies
HAVING count(*) < $4
RETURNING version

-- name: adopt
INSERT INTO policy_adoptions (version, adopted_by)
SELECT p.version, $2 FROM policies AS p
WHERE p.version = $1
    AND p.version <> (SELECT a.version FROM policy_adoptions AS a ORDER BY a.adoption_id DESC LIMIT 1)
