"""The lake: what tenants' events and attributions are learned from, and the models that were learned."""
