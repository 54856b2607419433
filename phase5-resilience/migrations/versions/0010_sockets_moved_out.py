"""Tickets for sockets belong to the realtime service, and lie in Redis."""

from alembic import op

revision = "0010"
down_revision = "0009"

CHANGES = "DROP TABLE tickets;"


def upgrade() -> None:
    """Keep no ticket."""
    op.execute(CHANGES)
