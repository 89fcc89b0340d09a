-- name: add
INSERT INTO audit.entries (actor_kind, actor_id, actor_label, action, subject, ip, request_id, detail)
VALUES (
    $1, $2, coalesce((SELECT email FROM users WHERE $1 = 'user' AND user_id::text = $2), $3), $4, $5, $6, $7, $8
)

-- name: page
SELECT audit_id, at, actor_kind, actor_id, actor_label, action, subject, ip, request_id, detail
FROM audit.entries
WHERE audit_id < $1
    AND ($2::text IS NULL OR actor_id = $2 OR actor_label = $2)
    AND ($3::text IS NULL OR action = $3)
    AND ($4::timestamptz IS NULL OR at >= $4)
    AND ($5::timestamptz IS NULL OR at < $5)
ORDER BY audit_id DESC
LIMIT $6

-- name: sweep
SELECT audit.sweep()
