-- Pages of these origins may call the tenant's API from a browser, with a token or a key of their own.
ALTER TABLE tenant_settings ADD COLUMN allowed_origins text [] NOT NULL DEFAULT '{}';
