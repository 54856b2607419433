"""Migrations give the tables that the models describe, once, whoever starts them."""

import os
import subprocess
import sys
import uuid

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgres import cluster, migrate
from sqlalchemy import create_engine, make_url
from waiting import PHASE

import chat.archive  # noqa: F401 - knows every domain's tables
from chassis.migrate import TABLES


def _empty_database() -> str:
    name = f"migrated_{uuid.uuid4().hex[:8]}"
    cluster().primary.ask(f"CREATE DATABASE {name} OWNER chat")
    return cluster().primary.url(name)


def test_the_migrated_tables_are_those_of_the_models() -> None:
    address = make_url(cluster().database("migrated")).set(drivername="postgresql+psycopg")
    engine = create_engine(address)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": TABLES})
        found = compare_metadata(context, TABLES)  # type: ignore[arg-type]
    engine.dispose()
    # What Alembic cannot see in the models: indexes that are for this database alone.
    assert found == []


def test_migrating_again_changes_nothing() -> None:
    url = _empty_database()
    migrate(url)
    migrate(url)


def test_of_several_that_migrate_at_once_one_works_and_all_succeed() -> None:
    url = _empty_database()
    environment = os.environ | {"CHAT_DATABASE_URL": url}
    command = [sys.executable, "-m", "chat.migrate"]
    started = [subprocess.Popen(command, cwd=PHASE, env=environment) for _ in range(4)]
    assert [one.wait(60) for one in started] == [0, 0, 0, 0]
    versions = "SELECT count(*) FROM alembic_version"
    assert cluster().primary.ask(versions, url.rsplit("/", 1)[1]) == 1


def test_a_server_that_is_away_is_an_error_in_one_line() -> None:
    environment = os.environ | {"CHAT_DATABASE_URL": "postgresql://chat@127.0.0.1:1/none"}
    command = [sys.executable, "-m", "chat.migrate"]
    done = subprocess.run(
        command, cwd=PHASE, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "not.migrated" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
