-- Tenants' own schemas of the properties of their in-app events. The newest version of each is part of the directory.
CREATE TABLE event_schemas (
    tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
    event_name text NOT NULL,
    version integer NOT NULL,
    on_violation text NOT NULL CHECK (on_violation IN ('reject', 'flag')),
    definition jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    PRIMARY KEY (tenant_id, event_name, version)
);

CREATE TRIGGER event_schemas_changed AFTER INSERT OR UPDATE OR DELETE ON event_schemas
FOR EACH STATEMENT EXECUTE FUNCTION bump_directory_version();
