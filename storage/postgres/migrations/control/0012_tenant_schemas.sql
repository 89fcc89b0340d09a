-- To what each tenant's databases were brought up last: of hundreds, only those that lack something are looked at.
CREATE TABLE tenant_schemas (
    tenant_id text PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    brought_up_to text NOT NULL
);
