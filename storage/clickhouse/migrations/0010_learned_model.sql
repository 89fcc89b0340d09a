-- Which learned model gave the touches of the journey their credits; empty where none shared it out.
ALTER TABLE {attributed} ADD COLUMN IF NOT EXISTS learned_model LowCardinality(String);
