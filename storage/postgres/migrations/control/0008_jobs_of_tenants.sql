-- A tenant's recomputations and fraud reviews are jobs as its imports are: only that there is one is known here.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check
CHECK (kind IN ('provision', 'delete', 'import', 'recompute', 'fraud-review'));

-- What decides on a tenant's life is named, so that no kind of work that comes later is taken for it.
DROP INDEX jobs_of_life;
CREATE UNIQUE INDEX jobs_of_life ON jobs (tenant_id) WHERE kind IN ('provision', 'delete') AND finished_at IS NULL;
DROP TRIGGER jobs_entered ON jobs;
CREATE TRIGGER jobs_entered AFTER INSERT ON jobs
FOR EACH ROW WHEN (NEW.kind IN ('provision', 'delete')) EXECUTE FUNCTION tell_of_job();
