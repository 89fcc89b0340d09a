-- What a learned model gave each touch of the journey, in the order of `touch_ids`; empty where none shared it out.
ALTER TABLE {attributed} ADD COLUMN IF NOT EXISTS touch_credits Array(Float32);
