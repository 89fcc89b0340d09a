-- Who was invited has no password yet. The version grows with every change of what a user may do: older tokens end.
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;
ALTER TABLE users ADD COLUMN session_version integer NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN last_login_at timestamptz;

-- Invitations and resets: links that let their holder choose a password, once. Each user has one at most.
CREATE TABLE password_links (
    user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    purpose text NOT NULL CHECK (purpose IN ('invitation', 'reset')),
    expires_at timestamptz NOT NULL
);

-- Attempts are counted by account and by address, each kind for itself.
ALTER TABLE login_failures ADD COLUMN ip text NOT NULL DEFAULT '';
ALTER TABLE login_failures ADD COLUMN kind text NOT NULL DEFAULT 'login' CHECK (kind IN ('login', 'reset'));
CREATE INDEX ON login_failures (ip, failed_at);
CREATE INDEX ON login_failures (failed_at);

-- When the session began of which a token is: however often it is renewed, it ends.
ALTER TABLE refresh_tokens ADD COLUMN begun_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX ON refresh_tokens (expires_at);
CREATE INDEX ON refresh_tokens (user_id);
