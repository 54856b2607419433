"""Accounts, logins and keys belong to the auth service, and lie in its database."""

from alembic import op

revision = "0007"
down_revision = "0006"

CHANGES = "DROP TABLE refresh_tokens, logins, ended_logins, signing_keys, accounts;"


def upgrade() -> None:
    """Keep no account."""
    op.execute(CHANGES)
