"""Messages and reactions as the monolith had them; what is needed of conversations; an outbox."""

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = """
CREATE TABLE system_mode (
    id integer PRIMARY KEY CHECK (id = 1),
    mode varchar NOT NULL
);

CREATE TABLE timelines (
    conversation_id text COLLATE "C" CONSTRAINT pk_timelines PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    last_seq bigint NOT NULL,
    rev bigint NOT NULL,
    last_activity_at bigint NOT NULL
);
CREATE INDEX ix_timelines_last_activity_at ON timelines (last_activity_at);

CREATE TABLE members (
    conversation_id text COLLATE "C" REFERENCES timelines ON DELETE CASCADE,
    user_id text COLLATE "C",
    role text COLLATE "C" NOT NULL,
    CONSTRAINT pk_members PRIMARY KEY (conversation_id, user_id)
);

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
    CONSTRAINT pk_messages PRIMARY KEY (conversation_id, seq),
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
    CONSTRAINT pk_reactions PRIMARY KEY (conversation_id, seq, emoji, user_id),
    FOREIGN KEY (conversation_id, seq) REFERENCES messages ON DELETE CASCADE
);

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

CREATE TABLE inbox (
    consumer text COLLATE "C",
    event_id text COLLATE "C",
    CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
);
"""


def upgrade() -> None:
    """Create every table."""
    op.execute(SCHEMA)
