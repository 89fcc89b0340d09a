-- What the tenant knows of its campaigns beyond what events say: a plan. `campaign` is the name that events bear.
CREATE TABLE campaigns (
    campaign_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    media_source text NOT NULL,
    channel text,
    campaign text NOT NULL,
    starts_on date,
    ends_on date,
    budget numeric(27, 9),
    currency text,
    note text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (media_source, campaign),
    CHECK (ends_on >= starts_on),
    CHECK ((budget IS NULL) = (currency IS NULL))
);
CREATE INDEX ON campaigns (created_at, campaign_id);

-- One row. How the tenant's site looks: its name there, and its colour (#rrggbb); null: as the platform has it.
CREATE TABLE tenant_brand (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    name text,
    accent text,
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO tenant_brand DEFAULT VALUES;
