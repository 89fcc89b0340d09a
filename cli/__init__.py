"""The `unmogrow` command."""
