-- Whether models of all tenants may learn from this one's journeys.
ALTER TABLE tenant_settings ADD COLUMN contributes_to_global_model boolean NOT NULL DEFAULT TRUE;
