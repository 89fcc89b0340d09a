-- A tenant's recomputations and fraud reviews are jobs as its imports are: only that there is one is known here.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check
CHECK (kind IN ('provision', 'delete', 'import', 'retrain', 'lake_export', 'recompute', 'fraud-review'));

-- Who hears of what is named, so that no kind of work that comes later is taken for another.
DROP TRIGGER jobs_entered ON jobs;
CREATE TRIGGER jobs_entered AFTER INSERT ON jobs
FOR EACH ROW WHEN (NEW.kind IN ('provision', 'delete', 'retrain', 'lake_export')) EXECUTE FUNCTION tell_of_job();
