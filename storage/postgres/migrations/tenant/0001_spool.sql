-- The shards that do the tenant's work, 0 to shards - 1, and those of earlier layouts, whose rows stay. `shard` in the
-- tables below is the shard that wrote a row, for ever. What it left undone is done by the shard of the present layout
-- that is congruent to it: shard % shards. `epoch` is that of the incarnation of the shard's actor that may write: an
-- older one is refused from the moment a newer one starts, and each one when the layout changes.
CREATE TABLE actor_epoch (
    shard smallint PRIMARY KEY,
    shards smallint NOT NULL CHECK (shards BETWEEN 1 AND 16),
    epoch bigint NOT NULL
);
INSERT INTO actor_epoch (shard, shards, epoch) VALUES (0, 1, 0);

-- What was accepted. A row is one group commit: zstd frames of NDJSON. The rows of one shard are numbered in the order of
-- their commits; of two shards, the row that was begun after the other was committed has the higher number.
CREATE TABLE event_spool (
    shard smallint NOT NULL,
    spool_id bigint GENERATED ALWAYS AS IDENTITY,
    committed_at timestamptz NOT NULL DEFAULT now(),
    events integer NOT NULL,
    rows_bytes bigint NOT NULL,
    frames bytea NOT NULL,
    PRIMARY KEY (shard, spool_id)
);
-- The frames are compressed already: Postgres must not try again.
ALTER TABLE event_spool ALTER COLUMN frames SET STORAGE EXTERNAL;

-- Which spool rows of a shard went to ClickHouse together, under which token. Apart from the bodies, so that
-- completing a batch rewrites a few bytes and not a frame.
CREATE TABLE store_batches (
    shard smallint NOT NULL,
    last_spool_id bigint NOT NULL,
    first_spool_id bigint NOT NULL,
    batch_id uuid NOT NULL UNIQUE,
    events integer NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT now(),
    stored_at timestamptz,
    PRIMARY KEY (shard, last_spool_id)
);
CREATE INDEX store_batches_unfinished ON store_batches (last_spool_id) WHERE stored_at IS NULL;

-- The ids that count as duplicates when they come again: 8 bytes an event, kept for the dedup window.
CREATE TABLE event_hashes (
    spool_id bigint PRIMARY KEY,
    committed_at timestamptz NOT NULL DEFAULT now(),
    hashes bytea NOT NULL
);
ALTER TABLE event_hashes ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- Events that are not in the store: refused when they came (rejected), or by ClickHouse, found by bisection (quarantined).
CREATE TABLE dead_letters (
    dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now(),
    stage text NOT NULL CHECK (stage IN ('rejected', 'quarantined')),
    batch_id uuid NOT NULL,
    position integer NOT NULL,
    event_id text,
    event_type text,
    reason text NOT NULL,
    errors jsonb NOT NULL,
    schema_version text NOT NULL,
    raw bytea NOT NULL,
    is_whole boolean NOT NULL,
    replayed_at timestamptz,
    UNIQUE (batch_id, position, stage)
);
CREATE INDEX dead_letters_waiting ON dead_letters (reason, dead_letter_id) WHERE replayed_at IS NULL;

-- What became of everything that came, by the minute of its commit:
-- received = accepted + duplicates + rejected, and accepted = stored + quarantined + what still waits.
-- Each shard has a row of its own, so that none waits for another's commit.
CREATE TABLE ledger (
    minute timestamptz NOT NULL,
    shard smallint NOT NULL,
    received bigint NOT NULL,
    accepted bigint NOT NULL,
    duplicates bigint NOT NULL,
    rejected bigint NOT NULL,
    stored bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (minute, shard)
);
-- Rewritten with every commit of its minute: room on the page keeps that cheap.
ALTER TABLE ledger SET (fillfactor = 50);

CREATE TABLE idempotency_keys (
    key text PRIMARY KEY,
    fingerprint bytea NOT NULL,
    answer jsonb NOT NULL,
    durability text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON idempotency_keys (created_at);

CREATE TABLE conversions (
    conversion_id text PRIMARY KEY,
    conversion_type text NOT NULL,
    conversion_time timestamptz NOT NULL,
    shard smallint NOT NULL,
    spool_id bigint NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    revision integer NOT NULL DEFAULT 0,
    event jsonb NOT NULL
);
CREATE INDEX conversions_pending ON conversions (spool_id) WHERE revision = 0;
CREATE INDEX conversions_page ON conversions (conversion_time, conversion_id);

-- Results are revisions: a later one supersedes, none is overwritten.
CREATE TABLE attributions (
    conversion_id text NOT NULL REFERENCES conversions,
    revision integer NOT NULL,
    attributed_at timestamptz NOT NULL DEFAULT now(),
    is_organic boolean NOT NULL,
    media_source text NOT NULL,
    campaign text NOT NULL,
    match_type text,
    policy_version integer NOT NULL,
    model_version text NOT NULL,
    result jsonb NOT NULL,
    PRIMARY KEY (conversion_id, revision)
);

-- Changes how many shards there are. Every actor of the old layout is refused from then on; what they committed before is
-- there for those of the new one to see, because this waits for the commits that are under way. To ask again for the
-- layout that is there changes nothing.
CREATE FUNCTION change_shards(p_shards smallint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM actor_epoch WHERE shard = 0 AND shards <> p_shards FOR UPDATE;
    IF FOUND THEN
        INSERT INTO actor_epoch (shard, shards, epoch) SELECT s, p_shards, 0 FROM generate_series(0, p_shards - 1) AS s
        ON CONFLICT DO NOTHING;
        UPDATE actor_epoch SET shards = p_shards, epoch = epoch + 1;
    END IF;
END $$;

CREATE FUNCTION assert_epoch(p_shard smallint, expected bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    -- The share lock makes a successor wait for this transaction, and so see all that it wrote.
    PERFORM 1 FROM actor_epoch WHERE shard = p_shard AND epoch = expected FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'epoch % was superseded', expected USING ERRCODE = 'UM001';
    END IF;
    RETURN true;
END $$;

-- A shard's rows are sealed, and then stored, in their order: up to which row they are, 0 for none.
CREATE FUNCTION sealed_up_to(p_shard smallint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT b.last_spool_id FROM store_batches AS b WHERE b.shard = p_shard ORDER BY b.last_spool_id DESC LIMIT 1
    ), 0);
$$;
CREATE FUNCTION stored_up_to(p_shard smallint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT b.last_spool_id FROM store_batches AS b WHERE b.shard = p_shard AND b.stored_at IS NOT NULL
        ORDER BY b.last_spool_id DESC LIMIT 1
    ), 0);
$$;

-- The oldest row of the tenant, in whatever shard, that ClickHouse does not have yet; past all ids if it has everything.
CREATE FUNCTION oldest_waiting() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(min(waiting.spool_id), 9223372036854775807)
    FROM actor_epoch AS e CROSS JOIN LATERAL (
        SELECT s.spool_id FROM event_spool AS s WHERE s.shard = e.shard AND s.spool_id > stored_up_to(e.shard)
        ORDER BY s.spool_id LIMIT 1
    ) AS waiting;
$$;

CREATE FUNCTION keep_dead_letters(
    p_stage text, p_schema_version text, p_batch_ids uuid[], p_positions integer[], p_event_ids text[],
    p_event_types text[], p_reasons text[], p_errors jsonb[], p_raws bytea[], p_whole boolean[]
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO dead_letters (
        stage, schema_version, batch_id, position, event_id, event_type, reason, errors, raw, is_whole
    )
    SELECT p_stage, p_schema_version, u.*
    FROM unnest(
        p_batch_ids, p_positions, p_event_ids, p_event_types, p_reasons, p_errors, p_raws, p_whole
    ) AS u
    ON CONFLICT DO NOTHING;
$$;

-- NULL when the commit holds no new event: then it leaves no row in the spool.
CREATE FUNCTION spool_append(
    p_shard smallint, p_epoch bigint, p_received bigint, p_events integer, p_duplicates bigint, p_rejected bigint,
    p_rows_bytes bigint, p_frames bytea, p_hashes bytea,
    p_conversion_ids text[], p_conversion_types text[], p_conversion_times timestamptz[], p_conversion_events jsonb[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    new_id bigint;
BEGIN
    PERFORM assert_epoch(p_shard, p_epoch);
    INSERT INTO ledger AS l (minute, shard, received, accepted, duplicates, rejected)
    VALUES (date_trunc('minute', now()), p_shard, p_received, p_events, p_duplicates, p_rejected)
    ON CONFLICT (minute, shard) DO UPDATE SET
        received = l.received + excluded.received, accepted = l.accepted + excluded.accepted,
        duplicates = l.duplicates + excluded.duplicates, rejected = l.rejected + excluded.rejected;
    IF p_events = 0 THEN
        RETURN NULL;
    END IF;
    INSERT INTO event_spool (shard, events, rows_bytes, frames) VALUES (p_shard, p_events, p_rows_bytes, p_frames)
    RETURNING spool_id INTO new_id;
    INSERT INTO event_hashes (spool_id, hashes) VALUES (new_id, p_hashes);
    IF cardinality(p_conversion_ids) > 0 THEN
        INSERT INTO conversions (conversion_id, conversion_type, conversion_time, shard, spool_id, event)
        SELECT u.id, u.type, u.at, p_shard, new_id, u.event
        FROM unnest(p_conversion_ids, p_conversion_types, p_conversion_times, p_conversion_events)
            AS u (id, type, at, event)
        ON CONFLICT (conversion_id) DO NOTHING;
    END IF;
    RETURN new_id;
END $$;

-- Ends a batch and enters it in the ledger, under the minutes in which its rows were committed. `p_refused` are the
-- positions, counted over the batch, of the rows that ClickHouse did not take.
CREATE FUNCTION finish_batch(p_batch_id uuid, p_refused integer[]) RETURNS void LANGUAGE sql AS $$
    WITH finished AS (
        UPDATE store_batches SET stored_at = now() WHERE batch_id = p_batch_id AND stored_at IS NULL
        RETURNING shard, first_spool_id, last_spool_id
    ),
    spans AS (
        SELECT date_trunc('minute', s.committed_at) AS minute, s.shard, s.events,
            sum(s.events) OVER (ORDER BY s.spool_id) AS span_end
        FROM finished AS f
        INNER JOIN event_spool AS s ON s.shard = f.shard AND s.spool_id BETWEEN f.first_spool_id AND f.last_spool_id
    ),
    counted AS (
        SELECT s.minute, s.shard, s.events, (
            SELECT count(*) FROM unnest(p_refused) AS r WHERE r < s.span_end AND r >= s.span_end - s.events
        ) AS refused
        FROM spans AS s
    ),
    totals AS (
        SELECT c.minute, c.shard, sum(c.events) AS events, sum(c.refused) AS refused
        FROM counted AS c GROUP BY c.minute, c.shard
    )
    UPDATE ledger AS l SET stored = l.stored + t.events - t.refused, quarantined = l.quarantined + t.refused
    FROM totals AS t WHERE l.minute = t.minute AND l.shard = t.shard;
$$;

-- `p_writer` is the shard whose rows are sealed: p_shard itself, or one of an earlier layout.
CREATE FUNCTION seal_batch(
    p_shard smallint, p_epoch bigint, p_writer smallint, p_batch_id uuid, p_events integer, p_rows_bytes bigint
) RETURNS SETOF store_batches LANGUAGE plpgsql AS $$
BEGIN
    PERFORM assert_epoch(p_shard, p_epoch);
    RETURN QUERY
    WITH unsealed AS (
        SELECT s.spool_id, s.events,
            sum(s.events) OVER earlier AS events_before, sum(s.rows_bytes) OVER earlier AS bytes_before
        FROM event_spool AS s
        WHERE s.shard = p_writer AND s.spool_id > sealed_up_to(p_writer)
        WINDOW earlier AS (ORDER BY s.spool_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ORDER BY s.spool_id
        LIMIT 1000
    )
    INSERT INTO store_batches (shard, last_spool_id, first_spool_id, batch_id, events)
    SELECT p_writer, max(u.spool_id), min(u.spool_id), p_batch_id, sum(u.events)
    FROM unsealed AS u
    WHERE coalesce(u.events_before, 0) < p_events AND coalesce(u.bytes_before, 0) < p_rows_bytes
    HAVING count(*) > 0
    RETURNING *;
END $$;
