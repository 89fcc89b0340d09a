-- A conversion on which attribution fails again and again is set apart with the reason, so that the others go on.
ALTER TABLE conversions ADD COLUMN tries integer NOT NULL DEFAULT 0, ADD COLUMN failure text;
DROP INDEX conversions_pending;
CREATE INDEX conversions_pending ON conversions (spool_id) WHERE revision = 0 AND failure IS NULL;
CREATE INDEX conversions_failed ON conversions (conversion_id) WHERE failure IS NOT NULL;
