"""Postgres: the control database, and one database and role for each tenant."""
