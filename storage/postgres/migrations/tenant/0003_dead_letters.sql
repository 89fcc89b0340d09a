-- A row of an index holds less than 3 kB: a larger event could not be set apart, and so held up its tenant for ever.
ALTER TABLE dead_letters DROP CONSTRAINT dead_letters_batch_id_event_key;
CREATE UNIQUE INDEX dead_letters_once ON dead_letters (batch_id, md5(event::text));
