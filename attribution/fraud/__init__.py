"""The fraud rules: facts and thresholds in, findings with their evidence out."""
