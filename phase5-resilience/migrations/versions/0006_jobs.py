"""Jobs: what takes longer than a request."""

from alembic import op

revision = "0006"
down_revision = "0005"

CHANGES = """
CREATE TABLE jobs (
    id text COLLATE "C" CONSTRAINT pk_jobs PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    progress bigint NOT NULL,
    run bigint NOT NULL,
    size bigint NOT NULL,
    error text COLLATE "C",
    created_at bigint NOT NULL,
    finished_at bigint,
    expires_at bigint
);
CREATE INDEX ix_jobs_user_id ON jobs (user_id);
CREATE UNIQUE INDEX uq_jobs_unfinished ON jobs (user_id, kind) WHERE finished_at IS NULL;

CREATE TABLE job_parts (
    job_id text COLLATE "C" REFERENCES jobs ON DELETE CASCADE,
    part bigint,
    data bytea NOT NULL,
    CONSTRAINT pk_job_parts PRIMARY KEY (job_id, part)
);
"""


def upgrade() -> None:
    """Make room for jobs."""
    op.execute(CHANGES)
