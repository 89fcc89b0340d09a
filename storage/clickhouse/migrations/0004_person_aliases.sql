-- Which ids are one person's: each id that identity merging joined, and the id by which the person goes, both as
-- xxh3('kind:value'). An id without a row is its own person. A later version replaces an earlier one.
CREATE TABLE IF NOT EXISTS {person_aliases} (
    alias_key UInt64,
    person_key UInt64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY alias_key
SETTINGS non_replicated_deduplication_window = 10000;
