-- name: add
-- The file of a failed import was sent again: it is tried again from where it stopped.
INSERT INTO imports (import_id, file_sha256, filename, bytes_total, options)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (import_id) DO UPDATE
SET state = 'queued', error = NULL, barren_runs = 0, finished_at = NULL
WHERE imports.state = 'failed'

-- name: one
SELECT * FROM imports WHERE import_id = $1

-- name: page
SELECT * FROM imports
WHERE ($1::timestamptz IS NULL OR (created_at, import_id) < ($1, $2))
ORDER BY created_at DESC, import_id DESC
LIMIT $3

-- name: unfinished
SELECT import_id FROM imports WHERE state IN ('queued', 'running') ORDER BY created_at, import_id

-- name: begin
UPDATE imports SET state = 'running', run = run + 1, barren_runs = barren_runs + 1
WHERE import_id = $1 AND state IN ('queued', 'running')
RETURNING *

-- name: record
UPDATE imports
SET rows_done = $3, bytes_done = $4, accepted = $5, duplicates = $6, rejected = $7,
    rejections = coalesce($8, rejections), barren_runs = 0
WHERE import_id = $1 AND run = $2 AND state = 'running'
RETURNING run

-- name: is_run
SELECT 1 FROM imports WHERE import_id = $1 AND run = $2 AND state = 'running'

-- name: finish
UPDATE imports
SET state = $3, error = $4, finished_at = now(),
    bytes_done = CASE WHEN $3 = 'done' THEN bytes_total ELSE bytes_done END
WHERE import_id = $1 AND run = $2 AND state = 'running'
