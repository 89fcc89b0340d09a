"""The durable spool: the one record of what was accepted, in the tenant's own Postgres database."""
