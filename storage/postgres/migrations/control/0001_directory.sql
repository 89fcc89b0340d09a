-- Who the tenants are and by which keys they are known. Replicas keep a snapshot of all of it;
-- directory_version tells them when to take a new one.
CREATE TABLE tenants (
    tenant_id text PRIMARY KEY CHECK (tenant_id ~ '^[a-z][a-z0-9]{1,30}$'),
    host text NOT NULL UNIQUE,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'provisioning' CHECK (state IN ('provisioning', 'active', 'suspended')),
    -- What the tenant may send; NULL: what the settings say, and as much a day as it likes.
    events_per_second double precision CHECK (events_per_second > 0),
    events_per_day bigint CHECK (events_per_day > 0),
    -- How many shards do its work, as it was asked for. What counts is what the tenant's own database says.
    shards smallint NOT NULL DEFAULT 1 CHECK (shards BETWEEN 1 AND 16),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
    key_hash bytea PRIMARY KEY,
    key_prefix text NOT NULL,
    tenant_id text REFERENCES tenants ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('write', 'platform')),
    scopes text[] NOT NULL,
    events_per_second double precision CHECK (events_per_second > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    CHECK ((kind = 'platform') = (tenant_id IS NULL))
);

CREATE TABLE signing_keys (
    kid text PRIMARY KEY,
    tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
    private_key_sealed bytea NOT NULL,
    public_jwk jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON signing_keys (tenant_id, created_at);

CREATE TABLE directory_version (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO directory_version (version) VALUES (1);

CREATE FUNCTION bump_directory_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE directory_version SET version = version + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER tenants_changed AFTER INSERT OR UPDATE OR DELETE ON tenants
FOR EACH STATEMENT EXECUTE FUNCTION bump_directory_version();
CREATE TRIGGER api_keys_changed AFTER INSERT OR UPDATE OR DELETE ON api_keys
FOR EACH STATEMENT EXECUTE FUNCTION bump_directory_version();
CREATE TRIGGER signing_keys_changed AFTER INSERT OR UPDATE OR DELETE ON signing_keys
FOR EACH STATEMENT EXECUTE FUNCTION bump_directory_version();
