-- The shards that are at work: what a host that died takes up again when it starts.
CREATE TABLE active_shards (
    tenant_id text NOT NULL,
    shard smallint NOT NULL,
    shards smallint NOT NULL,
    activated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, shard, shards)
);
