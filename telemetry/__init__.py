"""What the product says about itself: logs, the clock, and the points at which tests may kill it."""
