"""Messages and reactions belong to the messages service, and lie in its database."""

from alembic import op

revision = "0009"
down_revision = "0008"

CHANGES = """
DROP TABLE reactions, messages;
ALTER TABLE conversations ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
ALTER TABLE conversations ALTER COLUMN epoch DROP DEFAULT;
ALTER TABLE conversations ADD COLUMN last_message text COLLATE "C";
CREATE TABLE membership_changes (
    conversation_id text COLLATE "C" REFERENCES conversations ON DELETE CASCADE,
    epoch bigint,
    change text COLLATE "C" NOT NULL,
    CONSTRAINT pk_membership_changes PRIMARY KEY (conversation_id, epoch)
);
"""


def upgrade() -> None:
    """Keep no message, but what lists show of the newest; number what changes in memberships."""
    op.execute(CHANGES)
