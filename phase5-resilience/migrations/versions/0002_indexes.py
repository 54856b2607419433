"""What a million messages ask for; measured by `python -m drills.explain`."""

from alembic import op

revision = "0002"
down_revision = "0001"

SCHEMA = """
-- People search looks for a word's beginning anywhere in a name: a B-tree knows only the beginning
-- of it all, so that every profile was read. Trigrams find the few that can fit.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX ix_profiles_search_text ON profiles USING gin (search_text gin_trgm_ops);
"""


def upgrade() -> None:
    """Create what pays."""
    op.execute(SCHEMA)
