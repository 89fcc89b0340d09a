-- The tenant's choices of who gets a conversion. A version is never changed, only followed by another; what a document
-- leaves out has the default.
CREATE TABLE policies (
    version integer PRIMARY KEY,
    document jsonb NOT NULL,
    note text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- The newest adoption is in force; going back is adopting an older version.
CREATE TABLE policy_adoptions (
    adoption_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version integer NOT NULL REFERENCES policies,
    adopted_by text NOT NULL,
    adopted_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO policies (version, document, note, created_by) VALUES (1, '{}', 'The defaults.', 'unmogrow');
INSERT INTO policy_adoptions (version, adopted_by) VALUES (1, 'unmogrow');

-- Which ids are one person's: a user id and another id, with the first event that said so. Found by 64-bit hashes of
-- 'kind:value', because an id may be longer than an index takes.
CREATE TABLE identity_edges (
    edge_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_key bigint NOT NULL,
    other_key bigint NOT NULL,
    user_id text NOT NULL,
    other_kind text NOT NULL CHECK (other_kind IN ('advertising_id', 'vendor_id', 'anonymous_id')),
    other_value text NOT NULL,
    event_id text NOT NULL,
    linked_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz,
    removed_by text,
    UNIQUE (user_key, other_key)
);
CREATE INDEX identity_edges_of_others ON identity_edges (other_key);

-- Edges that came or went and whose persons are yet to be told to the other tables.
CREATE TABLE identity_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    edge_id bigint NOT NULL REFERENCES identity_edges,
    is_removal boolean NOT NULL
);

-- Gives how many of them are new.
CREATE FUNCTION link_identities(
    p_user_keys bigint[], p_other_keys bigint[], p_users text[], p_kinds text[], p_values text[], p_events text[],
    p_times timestamptz[]
) RETURNS bigint LANGUAGE sql AS $$
    WITH linked AS (
        INSERT INTO identity_edges (user_key, other_key, user_id, other_kind, other_value, event_id, linked_at)
        SELECT u.*
        FROM unnest(p_user_keys, p_other_keys, p_users, p_kinds, p_values, p_events, p_times)
            AS u (user_key, other_key, user_id, kind, value, event_id, linked_at)
        -- In one order, so that two shards never wait for each other.
        ORDER BY u.user_key, u.other_key, u.linked_at
        ON CONFLICT (user_key, other_key) DO NOTHING
        RETURNING edge_id
    ),
    changed AS (
        INSERT INTO identity_changes (edge_id, is_removal) SELECT linked.edge_id, false FROM linked
    )
    SELECT count(*) FROM linked;
$$;

-- Under which keys the touches of recent conversions are looked up, so that a touch that comes late finds them.
CREATE TABLE conversion_keys (
    key_hash bigint NOT NULL,
    conversion_id text NOT NULL,
    shard smallint NOT NULL,
    conversion_time timestamptz NOT NULL,
    settles_at timestamptz NOT NULL,
    -- A fingerprint, which strangers may share.
    is_alike boolean NOT NULL,
    PRIMARY KEY (key_hash, conversion_id)
);
CREATE INDEX conversion_keys_settled ON conversion_keys (settles_at);

-- Conversions that are to be attributed once more, and why. A row leaves in the transaction that records the answer.
CREATE TABLE attribution_requeues (
    requeue_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversion_id text NOT NULL,
    shard smallint NOT NULL,
    cause text NOT NULL CHECK (cause IN ('late_touch', 'identity', 'recompute', 'fraud')),
    tries integer NOT NULL DEFAULT 0
);
CREATE INDEX attribution_requeues_of_conversions ON attribution_requeues (conversion_id);

-- `p_times` are those of the earliest touch under each hash; what arrived late is told by when the batch was committed.
-- A fingerprint of more than 5 recent conversions tells too little to attribute them all again with every batch.
CREATE FUNCTION requeue_late(p_batch_id uuid, p_hashes bigint[], p_times timestamptz[]) RETURNS void LANGUAGE sql AS $$
    WITH met AS (
        SELECT k.conversion_id, k.shard, k.is_alike, count(*) OVER (PARTITION BY k.key_hash) AS alike
        FROM unnest(p_hashes, p_times) AS t (key_hash, touch_time)
        INNER JOIN conversion_keys AS k ON k.key_hash = t.key_hash AND k.conversion_time >= t.touch_time
        WHERE k.settles_at > (
            SELECT min(s.committed_at) FROM store_batches AS b
            INNER JOIN event_spool AS s ON s.shard = b.shard AND s.spool_id BETWEEN b.first_spool_id AND b.last_spool_id
            WHERE b.batch_id = p_batch_id
        )
    )
    INSERT INTO attribution_requeues (conversion_id, shard, cause)
    SELECT DISTINCT m.conversion_id, m.shard, 'late_touch' FROM met AS m WHERE NOT m.is_alike OR m.alike <= 5;
$$;

-- Why each revision was made.
ALTER TABLE attributions ADD COLUMN cause text NOT NULL DEFAULT 'first'
    CHECK (cause IN ('first', 'late_touch', 'recompute', 'identity', 'fraud'));
-- Who inherits from whom: an answer that changes changes its heirs'.
CREATE INDEX attributions_heirs ON attributions ((result ->> 'install_id')) WHERE result ->> 'install_id' <> conversion_id;

-- History under another policy: first shown, then adopted. The counts and the place after them move together.
CREATE TABLE recomputes (
    recompute_id text PRIMARY KEY,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'adopted')),
    policy_version integer NOT NULL REFERENCES policies,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    dry_run boolean NOT NULL,
    requested_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    adopted_at timestamptz,
    conversions bigint,
    conversions_done bigint NOT NULL DEFAULT 0,
    moved bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    at_time timestamptz,
    at_id text,
    sources jsonb NOT NULL DEFAULT '{}',
    error text
);
CREATE INDEX recomputes_page ON recomputes (created_at, recompute_id);
CREATE INDEX recomputes_unfinished ON recomputes (created_at) WHERE state IN ('queued', 'running');

CREATE TABLE recompute_moves (
    recompute_id text NOT NULL REFERENCES recomputes ON DELETE CASCADE,
    conversion_id text NOT NULL,
    shard smallint NOT NULL,
    changes jsonb NOT NULL,
    PRIMARY KEY (recompute_id, conversion_id)
);
