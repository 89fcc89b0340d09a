"""The embedded stack of one machine, and the demo data that fills it."""
