-- Results that the reports do not have yet. Whoever records a result, it is entered here in the same transaction, and
-- leaves when ClickHouse has it; `failure` says why ClickHouse does not take it.
CREATE TABLE unpublished_results (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shard smallint NOT NULL,
    conversion_id text NOT NULL,
    revision integer NOT NULL,
    failure text
);

CREATE FUNCTION enter_unpublished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unpublished_results (shard, conversion_id, revision)
    SELECT c.shard, r.conversion_id, r.revision
    FROM recorded AS r INNER JOIN conversions AS c ON c.conversion_id = r.conversion_id;
    RETURN NULL;
END $$;

CREATE TRIGGER attributions_recorded AFTER INSERT ON attributions
REFERENCING NEW TABLE AS recorded FOR EACH STATEMENT EXECUTE FUNCTION enter_unpublished();

INSERT INTO unpublished_results (shard, conversion_id, revision)
SELECT shard, conversion_id, revision FROM conversions WHERE revision > 0 ORDER BY spool_id, conversion_id;
