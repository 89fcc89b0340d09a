-- Keys have an id and a name, so that they can be shown and revoked without being known. Secret keys are a tenant's.
ALTER TABLE api_keys ADD COLUMN key_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE;
ALTER TABLE api_keys ADD COLUMN name text NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN created_by text NOT NULL DEFAULT 'system';
ALTER TABLE api_keys DROP CONSTRAINT api_keys_kind_check;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_kind_check CHECK (kind IN ('write', 'secret', 'platform'));
CREATE INDEX ON api_keys (tenant_id, created_at);

-- The last day on which each key was used: beside the keys, because writing it is no change of the directory.
CREATE TABLE api_key_uses (
    key_hash bytea PRIMARY KEY REFERENCES api_keys ON DELETE CASCADE,
    used_on date NOT NULL
);

-- From when on a key signs; what it was before its successor's time, it goes on verifying until its last token ended.
ALTER TABLE signing_keys ADD COLUMN signs_from timestamptz NOT NULL DEFAULT now();
UPDATE signing_keys SET signs_from = created_at;

-- Access tokens that ended before their time: those of a user that are older than a version of what the user may do,
-- and those of a session. The rows of tokens that have expired since are of no use and are swept.
CREATE TABLE ended_tokens (
    tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
    subject text NOT NULL,
    version_min integer NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, subject)
);
CREATE INDEX ON ended_tokens (ended_at);

-- They come and go far more often than the rest of the directory changes: replicas read them by a number of their own.
ALTER TABLE directory_version ADD COLUMN ended bigint NOT NULL DEFAULT 0;

CREATE FUNCTION bump_ended_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE directory_version SET ended = ended + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER ended_tokens_changed AFTER INSERT OR UPDATE ON ended_tokens
FOR EACH STATEMENT EXECUTE FUNCTION bump_ended_version();
