"""Work that outlives a request: Ray tasks, and who starts them again. Knows no HTTP, and no tenant's actor by name."""
