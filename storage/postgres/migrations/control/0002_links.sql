-- Tracking links, and the apps that open them. They are part of the directory: a redirect waits for no database.
CREATE TABLE links (
    tenant_id text NOT NULL REFERENCES tenants ON DELETE CASCADE,
    link_id text NOT NULL CHECK (link_id ~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$'),
    definition jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, link_id)
);
CREATE INDEX ON links (tenant_id, created_at, link_id);

CREATE TABLE app_links (
    tenant_id text PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    definition jsonb NOT NULL
);

CREATE TRIGGER links_changed AFTER INSERT OR UPDATE OR DELETE ON links
FOR EACH STATEMENT EXECUTE FUNCTION bump_directory_version();
CREATE TRIGGER app_links_changed AFTER INSERT OR UPDATE OR DELETE ON app_links
FOR EACH STATEMENT EXECUTE FUNCTION bump_directory_version();
