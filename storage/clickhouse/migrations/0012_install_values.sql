-- What the champion among the models of lifetime value foretells of each install, as sums are made of it: by horizon what
-- has come so far, and mean and variance of what is still to come; in the model's currency. Each export of
-- the tenant writes a snapshot anew, and drops those that nobody reads any more.
CREATE TABLE IF NOT EXISTS {install_values} (
    snapshot UInt64,
    person_key UInt64,
    installed_at DateTime64(3, 'UTC'),
    known Array(Float64),
    later Array(Float64),
    variance Array(Float64)
)
ENGINE = MergeTree
PARTITION BY snapshot
ORDER BY (installed_at, person_key)
SETTINGS non_replicated_deduplication_window = 10000;
