"""Outbox and inbox, and the first table that an event's reader fills."""

from alembic import op

revision = "0004"
down_revision = "0003"

CHANGES = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
    lane bigint NOT NULL,
    topic text COLLATE "C" NOT NULL,
    event text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    published_at bigint
);
CREATE INDEX ix_outbox_waiting ON outbox (lane, id) WHERE published_at IS NULL;

-- What a relay locks: whoever has a lane publishes from it, alone.
CREATE TABLE outbox_lanes (lane bigint CONSTRAINT pk_outbox_lanes PRIMARY KEY);
INSERT INTO outbox_lanes SELECT * FROM generate_series(0, 7);

CREATE TABLE inbox (
    consumer text COLLATE "C",
    event_id text COLLATE "C",
    CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
);

CREATE TABLE activity (
    event_id text COLLATE "C" CONSTRAINT pk_activity PRIMARY KEY,
    topic text COLLATE "C" NOT NULL,
    conversation_id text COLLATE "C",
    rev bigint,
    occurred_at text COLLATE "C" NOT NULL,
    recorded bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT uq_activity_recorded UNIQUE
);
"""


def upgrade() -> None:
    """Make room for events on their way."""
    op.execute(CHANGES)
