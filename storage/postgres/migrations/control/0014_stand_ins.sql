-- Of a champion that cannot be read or loaded: which model serves in its place (NULL: none of its scope), since when.
ALTER TABLE learned_models ADD COLUMN stood_in_by text;
ALTER TABLE learned_models ADD COLUMN stood_in_since timestamptz;
