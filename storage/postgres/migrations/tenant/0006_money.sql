-- Results that the reports do not have yet. Whoever records a result, it is entered here in the same transaction, and
-- leaves when ClickHouse has it; `failure` says why ClickHouse does not take it.
CREATE TABLE unpublished_results (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shard smallint NOT NULL,
    conversion_id text NOT NULL,
    revision integer NOT NULL,
    failure text
);

CREATE FUNCTION enter_unpublished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unpublished_results (shard, conversion_id, revision)
    SELECT c.shard, r.conversion_id, r.revision
    FROM recorded AS r INNER JOIN conversions AS c ON c.conversion_id = r.conversion_id;
    RETURN NULL;
END $$;

CREATE TRIGGER attributions_recorded AFTER INSERT ON attributions
REFERENCING NEW TABLE AS recorded FOR EACH STATEMENT EXECUTE FUNCTION enter_unpublished();

INSERT INTO unpublished_results (shard, conversion_id, revision)
SELECT shard, conversion_id, revision FROM conversions WHERE revision > 0 ORDER BY spool_id, conversion_id;

-- The hours of which events were stored, and when their counts were last made: what the reports' counts may lack.
CREATE TABLE event_hours (
    hour timestamptz PRIMARY KEY,
    stored_at timestamptz NOT NULL DEFAULT now(),
    rolled_at timestamptz NOT NULL DEFAULT '-infinity'
);

-- One row. Changing the currency changes no stored amount: reports convert when they are asked.
CREATE TABLE tenant_settings (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    currency text NOT NULL DEFAULT 'USD',
    time_zone text NOT NULL DEFAULT 'UTC',
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO tenant_settings DEFAULT VALUES;

-- What advertising cost, as the tenant uploads it. Empty means not known: campaign, ad set, app, country.
CREATE TABLE costs (
    cost_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    media_source text NOT NULL,
    campaign text NOT NULL DEFAULT '',
    adset text NOT NULL DEFAULT '',
    day date NOT NULL,
    app_id text NOT NULL DEFAULT '',
    country text NOT NULL DEFAULT '',
    currency text NOT NULL,
    cost numeric(27, 9) NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (day, media_source, campaign, adset, app_id, country, currency)
);

-- What one unit of a currency is worth in another, from a day on.
CREATE TABLE rates (
    currency text NOT NULL,
    quote text NOT NULL,
    day date NOT NULL,
    rate numeric(27, 12) NOT NULL CHECK (rate > 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (quote, currency, day)
);
