-- Files of events on their way in. `import_id` derives from the file's content and the options: one file, one import.
CREATE TABLE imports (
    import_id text PRIMARY KEY,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
    file_sha256 text NOT NULL,
    filename text NOT NULL,
    bytes_total bigint NOT NULL,
    options jsonb NOT NULL,
    rows_done bigint NOT NULL DEFAULT 0,
    bytes_done bigint NOT NULL DEFAULT 0,
    accepted bigint NOT NULL DEFAULT 0,
    duplicates bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    rejections jsonb NOT NULL DEFAULT '[]',
    error text,
    -- A run that was superseded by a later one may write nothing more.
    run integer NOT NULL DEFAULT 0,
    -- A file that kills whoever reads it is given up after a few runs without progress.
    barren_runs integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX imports_page ON imports (created_at, import_id);
CREATE INDEX imports_unfinished ON imports (created_at) WHERE state IN ('queued', 'running');
