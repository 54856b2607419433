"""Each service has a database and a role of its own, and gets into no other's."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from postgres import Postgres, cluster, programs
from waiting import PHASE

PASSWORDS = ("APP", "AUTH", "PROFILES", "MESSAGES", "REPLICATION", "OBSERVER")
SERVICES = ("app", "auth", "profiles", "messages")
OTHERS = ("replicator", "observer")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    """A server after its first start, as the image does it."""
    primary = cluster().primary
    primary.ask("CREATE DATABASE app")
    environment = os.environ | {
        "PATH": f"{programs()}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(primary.port),
        "POSTGRES_USER": "postgres",
        "POSTGRES_DB": "app",
        "PGDATA": str(tmp_path),
    }
    for name in PASSWORDS:
        (tmp_path / name).write_text(f"of-{name}")
        environment[f"{name}_PASSWORD_FILE"] = str(tmp_path / name)
    script = PHASE / "postgres" / "first-start" / "10-roles.sh"
    subprocess.run(["bash", str(script)], env=environment, check=True)
    yield primary
    for name in SERVICES:
        primary.ask(f"DROP DATABASE {name}")
    for role in (*SERVICES, *OTHERS):
        primary.ask(f"DROP ROLE {role}")


def test_a_role_owns_its_database_and_cannot_even_connect_to_another(server: Postgres) -> None:
    for role in (*SERVICES, *OTHERS):
        if role not in OTHERS:
            with psycopg.connect(server.url(role, role), autocommit=True) as connection:
                connection.execute("CREATE TABLE one (id int)")
        for other in set(SERVICES) - {role}:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(server.url(other, role))


def test_no_role_of_a_service_can_give_itself_more(server: Postgres) -> None:
    asked = """
        SELECT count(*) FROM pg_roles WHERE rolname IN ('app', 'auth', 'profiles', 'messages')
        AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
    """
    assert server.ask(asked) == 0
    for role in ("auth", "profiles", "messages"):
        with (
            psycopg.connect(server.url(role, role), autocommit=True) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(f"GRANT app TO {role}".encode())
