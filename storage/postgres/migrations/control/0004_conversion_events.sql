-- Which later events of a tenant are conversions, as its attribution policy says: whoever takes events in must know.
ALTER TABLE tenants ADD COLUMN conversion_events text[] NOT NULL DEFAULT '{purchase}';
