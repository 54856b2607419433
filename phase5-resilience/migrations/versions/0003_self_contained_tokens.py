"""Keys instead of access tokens, the logins that ended early, roles and what was done with them."""

from alembic import op

revision = "0003"
down_revision = "0002"

CHANGES = """
-- Who has one of these gets a new one by the refresh token, at the next request.
DROP TABLE access_tokens;

CREATE TABLE signing_keys (
    id text COLLATE "C" CONSTRAINT pk_signing_keys PRIMARY KEY,
    private_key bytea NOT NULL,
    public_key bytea NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE ended_logins (
    login_id text COLLATE "C" CONSTRAINT pk_ended_logins PRIMARY KEY,
    ended_at bigint NOT NULL
);
CREATE INDEX ix_ended_logins_ended_at ON ended_logins (ended_at);

-- A default that is constant: the table is not written anew.
ALTER TABLE accounts
    ADD role text COLLATE "C" NOT NULL DEFAULT 'member',
    ADD suspended_at bigint;

CREATE TABLE moderation_actions (
    id text COLLATE "C" CONSTRAINT pk_moderation_actions PRIMARY KEY,
    actor_id text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    message_id text COLLATE "C",
    reason text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL
);
"""


def upgrade() -> None:
    """Make room for keys, and take away what they replace."""
    op.execute(CHANGES)
