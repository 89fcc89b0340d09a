-- How many requests a tenant may have open at each replica; null: the platform's default.
ALTER TABLE tenants ADD COLUMN requests_at_once integer CHECK (requests_at_once > 0);
