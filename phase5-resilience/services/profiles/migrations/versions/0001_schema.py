"""The table that the monolith had for profiles, versions of its rows, an inbox and an outbox."""

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = """
CREATE TABLE system_mode (
    id integer PRIMARY KEY CHECK (id = 1),
    mode varchar NOT NULL
);

-- Who is called what is for auth to say: a name that was given anew may come before the news that
-- the one who had it is gone.
CREATE TABLE profiles (
    user_id text COLLATE "C" CONSTRAINT pk_profiles PRIMARY KEY,
    username text COLLATE "C" NOT NULL,
    display_name text COLLATE "C" NOT NULL,
    bio text COLLATE "C" NOT NULL,
    search_text text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    version bigint NOT NULL DEFAULT 1
);
CREATE INDEX ix_profiles_username ON profiles (username);
-- People search looks for a word's beginning anywhere in a name: trigrams find what can fit.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX ix_profiles_search_text ON profiles USING gin (search_text gin_trgm_ops);

CREATE TABLE inbox (
    consumer text COLLATE "C",
    event_id text COLLATE "C",
    CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
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
"""


def upgrade() -> None:
    """Create every table."""
    op.execute(SCHEMA)
