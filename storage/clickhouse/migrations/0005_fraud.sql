-- Who would have a conversion if no fraud rule were on. A site that floods keeps the installs that it claimed here, so
-- that taking them away from it does not make it look honest.
ALTER TABLE {attributed}
    ADD COLUMN IF NOT EXISTS claim_verdict LowCardinality(String) DEFAULT 'valid',
    ADD COLUMN IF NOT EXISTS claim_rules Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS claimed_touch_id String,
    ADD COLUMN IF NOT EXISTS claimed_media_source LowCardinality(String),
    ADD COLUMN IF NOT EXISTS claimed_campaign LowCardinality(String),
    ADD COLUMN IF NOT EXISTS claimed_site_id LowCardinality(String),
    ADD COLUMN IF NOT EXISTS claimed_ctit_seconds Nullable(Float64),
    ADD COLUMN IF NOT EXISTS if_on_media_source LowCardinality(String);
