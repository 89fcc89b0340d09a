"""ClickHouse: each tenant's events and the keys by which its touches are found."""
