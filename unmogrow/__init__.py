"""What others import of the platform: `unmogrow.client`."""
