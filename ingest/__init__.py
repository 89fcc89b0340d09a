"""The pure hot path: request bytes in, rows for the store out."""
