"""Ray shells: the tenant actor, the attribution pool, and the typed handles to both."""
