"""The schema as SQLite had it until now."""

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = """
CREATE TABLE system_mode (
    id integer PRIMARY KEY CHECK (id = 1),
    mode varchar NOT NULL
);

CREATE TABLE accounts (
    id text COLLATE "C" PRIMARY KEY,
    username text COLLATE "C" NOT NULL CONSTRAINT uq_accounts_username UNIQUE,
    password_hash text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE logins (
    id text COLLATE "C" PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    access_ttl bigint NOT NULL,
    generation bigint NOT NULL,
    rotated_at bigint NOT NULL
);
CREATE INDEX ix_logins_account_id ON logins (account_id);

CREATE TABLE refresh_tokens (
    token_hash bytea PRIMARY KEY,
    login_id text COLLATE "C" NOT NULL REFERENCES logins ON DELETE CASCADE,
    generation bigint NOT NULL
);
CREATE INDEX ix_refresh_tokens_login_id ON refresh_tokens (login_id);

CREATE TABLE access_tokens (
    token_hash bytea PRIMARY KEY,
    login_id text COLLATE "C" NOT NULL REFERENCES logins ON DELETE CASCADE,
    expires_at bigint NOT NULL
);
CREATE INDEX ix_access_tokens_login_id ON access_tokens (login_id);

CREATE TABLE tickets (
    ticket_hash bytea PRIMARY KEY,
    login_id text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX ix_tickets_expires_at ON tickets (expires_at);

CREATE TABLE profiles (
    user_id text COLLATE "C" PRIMARY KEY,
    username text COLLATE "C" NOT NULL CONSTRAINT uq_profiles_username UNIQUE,
    display_name text COLLATE "C" NOT NULL,
    bio text COLLATE "C" NOT NULL,
    search_text text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

CREATE TABLE conversations (
    id text COLLATE "C" PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C",
    created_by text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    other_id text COLLATE "C",
    member_count bigint NOT NULL,
    last_seq bigint NOT NULL,
    rev bigint NOT NULL,
    last_activity_at bigint NOT NULL
);
CREATE INDEX ix_conversations_last_activity_at ON conversations (last_activity_at);

CREATE TABLE members (
    conversation_id text COLLATE "C" REFERENCES conversations ON DELETE CASCADE,
    user_id text COLLATE "C",
    role text COLLATE "C" NOT NULL,
    joined_at bigint NOT NULL,
    read_seq bigint NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX ix_members_user_id ON members (user_id, conversation_id);

CREATE TABLE messages (
    conversation_id text COLLATE "C",
    seq bigint,
    id text COLLATE "C" NOT NULL CONSTRAINT uq_messages_id UNIQUE,
    rev bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    sender_id text COLLATE "C" NOT NULL,
    client_id text COLLATE "C",
    sent_hash bytea,
    body text COLLATE "C",
    reply_to text COLLATE "C",
    notice text COLLATE "C",
    created_at bigint NOT NULL,
    edited_at bigint,
    deleted_at bigint,
    PRIMARY KEY (conversation_id, seq),
    CONSTRAINT uq_messages_conversation_id_sender_id_client_id
        UNIQUE (conversation_id, sender_id, client_id)
);
CREATE UNIQUE INDEX ix_messages_rev ON messages (conversation_id, rev);

CREATE TABLE reactions (
    conversation_id text COLLATE "C",
    seq bigint,
    emoji text COLLATE "C",
    user_id text COLLATE "C",
    rev bigint NOT NULL,
    PRIMARY KEY (conversation_id, seq, emoji, user_id),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages ON DELETE CASCADE
);
"""


def upgrade() -> None:
    """Create every table."""
    op.execute(SCHEMA)
