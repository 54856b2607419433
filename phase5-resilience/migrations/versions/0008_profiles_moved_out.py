"""Profiles belong to the profile service; here it is known who exists, and what they are called."""

from alembic import op

revision = "0008"
down_revision = "0007"

CHANGES = """
DROP TABLE profiles;

CREATE TABLE people (
    user_id text COLLATE "C" CONSTRAINT pk_people PRIMARY KEY,
    username text COLLATE "C" NOT NULL,
    display_name text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    deleted boolean NOT NULL
);
CREATE INDEX ix_people_username ON people (username);
"""


def upgrade() -> None:
    """Keep what events tell of people."""
    op.execute(CHANGES)
