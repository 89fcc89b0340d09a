-- A lock of the session: it ends with the process that has it, whatever becomes of that.

-- name: try_to_take
SELECT pg_try_advisory_lock(hashtextextended('lake ' || $1, 0))

-- name: give_back
SELECT pg_advisory_unlock(hashtextextended('lake ' || $1, 0))

-- name: have
SELECT 1
