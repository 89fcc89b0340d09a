"""The words everyone shares: ids, events, batches, touchpoints, results, problems, settings, limits."""
