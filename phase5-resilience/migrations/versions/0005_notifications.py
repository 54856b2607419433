"""Whom to notify of what, and how they want it."""

from alembic import op

revision = "0005"
down_revision = "0004"

CHANGES = """
CREATE TABLE notifications (
    id text COLLATE "C" CONSTRAINT pk_notifications PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    conversation_id text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    sender_id text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    read_at bigint,
    mailed_at bigint,
    CONSTRAINT uq_notifications_message_id_user_id UNIQUE (message_id, user_id)
);
CREATE INDEX ix_notifications_user_id ON notifications (user_id, id);
CREATE INDEX ix_notifications_unread ON notifications (user_id, conversation_id)
    WHERE read_at IS NULL;

CREATE TABLE notification_preferences (
    user_id text COLLATE "C" CONSTRAINT pk_notification_preferences PRIMARY KEY,
    mentions boolean NOT NULL,
    direct boolean NOT NULL,
    digest boolean NOT NULL,
    email text COLLATE "C" NOT NULL
);
"""


def upgrade() -> None:
    """Make room for notifications."""
    op.execute(CHANGES)
