-- The tenant's lists of addresses, sites, devices and user agents, each replaced as a whole.
CREATE TABLE fraud_lists (
    kind text PRIMARY KEY CHECK (kind IN ('ip', 'site', 'device', 'user_agent', 'datacenter')),
    version integer NOT NULL DEFAULT 1,
    entries text[] NOT NULL,
    updated_by text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- The sites that the last review found to flood.
CREATE TABLE fraud_sites (
    app_id text NOT NULL,
    media_source text NOT NULL,
    site_id text NOT NULL,
    explanation text NOT NULL,
    evidence jsonb NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (app_id, media_source, site_id)
);

-- What the rules found of each conversion's newest result, a row for each finding. Most conversions have none.
-- `is_of_claim`: it speaks against the touch that claimed the conversion, not against one that lost anyway.
CREATE TABLE fraud_findings (
    conversion_id text NOT NULL,
    rule text NOT NULL,
    touch_id text NOT NULL,
    mode text NOT NULL,
    is_of_claim boolean NOT NULL,
    conversion_time timestamptz NOT NULL,
    claimed_media_source text NOT NULL,
    claimed_campaign text NOT NULL,
    claimed_site_id text NOT NULL,
    -- Who has it now if the rule is on, who would have it if the rules in shadow were.
    goes_to text NOT NULL,
    explanation text NOT NULL,
    evidence jsonb NOT NULL,
    PRIMARY KEY (conversion_id, rule, touch_id)
);
CREATE INDEX fraud_findings_time ON fraud_findings (conversion_time);

-- Whoever records a result, its findings take the place of those of the revision before, in the same transaction.
CREATE FUNCTION keep_fraud_findings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM fraud_findings AS f USING recorded AS r WHERE f.conversion_id = r.conversion_id AND r.revision > 1;
    INSERT INTO fraud_findings (
        conversion_id, rule, touch_id, mode, is_of_claim, conversion_time, claimed_media_source, claimed_campaign,
        claimed_site_id, goes_to, explanation, evidence
    )
    SELECT r.conversion_id, f ->> 'rule', coalesce(f ->> 'touch_id', ''), f ->> 'mode',
        f ->> 'touch_id' IS NULL OR f ->> 'touch_id' = r.result #>> '{fraud,claimed_touch_id}',
        (r.result ->> 'conversion_time')::timestamptz,
        r.result #>> '{fraud,claimed_media_source}', r.result #>> '{fraud,claimed_campaign}',
        r.result #>> '{fraud,claimed_site_id}',
        CASE f ->> 'mode' WHEN 'on' THEN r.media_source
            ELSE coalesce(r.result #>> '{fraud,if_on_media_source}', r.media_source) END,
        f ->> 'explanation', f -> 'evidence'
    FROM recorded AS r CROSS JOIN LATERAL jsonb_array_elements(r.result #> '{fraud,findings}') AS f
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER fraud_recorded AFTER INSERT ON attributions
REFERENCING NEW TABLE AS recorded FOR EACH STATEMENT EXECUTE FUNCTION keep_fraud_findings();

-- What people who looked into it say of a finding.
CREATE TABLE fraud_labels (
    conversion_id text NOT NULL,
    rule text NOT NULL,
    is_fraud boolean NOT NULL,
    note text NOT NULL,
    labelled_by text NOT NULL,
    labelled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (conversion_id, rule)
);

-- Reviews: all rules again over the installs of some days, with what is known by now.
CREATE TABLE fraud_reviews (
    review_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    sites integer NOT NULL DEFAULT 0,
    judged bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    -- The last install that was judged: a review that was interrupted goes on after it.
    at_time timestamptz,
    at_id text,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX fraud_reviews_unfinished ON fraud_reviews (created_at) WHERE state IN ('queued', 'running');
