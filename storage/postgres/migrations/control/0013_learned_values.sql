-- By which model the installs of a tenant were foretold last, and what is known of that: the values themselves are the
-- tenant's own, in ClickHouse.
CREATE TABLE learned_values (
    tenant_id text PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    model_id text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    document jsonb NOT NULL
);
