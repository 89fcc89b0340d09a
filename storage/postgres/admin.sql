-- name: role_exists
SELECT 1 FROM pg_roles WHERE rolname = $1

-- name: database_exists
SELECT 1 FROM pg_database WHERE datname = $1

-- name: open_databases
-- On a server of your own, other databases may be others' business: only the default ones and ours are closed.
SELECT d.datname FROM pg_database AS d
WHERE d.datallowconn AND (d.datname IN ('postgres', 'template1') OR d.datname LIKE 'unmogrow\_%')
    AND EXISTS (
        SELECT 1 FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
        WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT'
    )

-- name: roles_without_provisioner
-- A role that the provisioner made has two grants: ADMIN from the server, SET from the provisioner itself.
SELECT r.rolname FROM pg_roles AS r
WHERE r.rolname LIKE 'unmogrow\_tenant\_%' AND NOT coalesce((
    SELECT bool_or(m.admin_option) AND bool_or(m.set_option)
    FROM pg_auth_members AS m INNER JOIN pg_roles AS p ON p.oid = m.member
    WHERE m.roleid = r.oid AND p.rolname = $1
), false)
