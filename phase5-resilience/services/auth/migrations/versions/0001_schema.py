"""The tables that the monolith had for accounts and logins, and an outbox of auth's own."""

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = """
CREATE TABLE system_mode (
    id integer PRIMARY KEY CHECK (id = 1),
    mode varchar NOT NULL
);

CREATE TABLE accounts (
    id text COLLATE "C" CONSTRAINT pk_accounts PRIMARY KEY,
    username text COLLATE "C" NOT NULL CONSTRAINT uq_accounts_username UNIQUE,
    password_hash text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    role text COLLATE "C" NOT NULL DEFAULT 'member',
    suspended_at bigint
);

CREATE TABLE logins (
    id text COLLATE "C" CONSTRAINT pk_logins PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    access_ttl bigint NOT NULL,
    generation bigint NOT NULL,
    rotated_at bigint NOT NULL
);
CREATE INDEX ix_logins_account_id ON logins (account_id);

CREATE TABLE refresh_tokens (
    token_hash bytea CONSTRAINT pk_refresh_tokens PRIMARY KEY,
    login_id text COLLATE "C" NOT NULL REFERENCES logins ON DELETE CASCADE,
    generation bigint NOT NULL
);
CREATE INDEX ix_refresh_tokens_login_id ON refresh_tokens (login_id);

CREATE TABLE signing_keys (
    id text COLLATE "C" CONSTRAINT pk_signing_keys PRIMARY KEY,
    private_key bytea NOT NULL,
    public_key bytea NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE ended_logins (
    login_id text COLLATE "C" CONSTRAINT pk_ended_logins PRIMARY KEY,
    ended_at bigint NOT NULL
);
CREATE INDEX ix_ended_logins_ended_at ON ended_logins (ended_at);

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
    lane bigint NOT NULL,
    topic text COLLATE "C" NOT NULL,
    event text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    published_at bigint
);
CREATE INDEX ix_outbox_waiting ON outbox (lane, id) WHERE published_at IS NULL;

CREATE TABLE outbox_lanes (lane bigint CONSTRAINT pk_outbox_lanes PRIMARY KEY);
INSERT INTO outbox_lanes SELECT * FROM generate_series(0, 7);
"""


def upgrade() -> None:
    """Create every table."""
    op.execute(SCHEMA)
