"""The only place with drivers and SQL. A repository is constructed for one tenant."""
