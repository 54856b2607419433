"""The exporter: numbers of servers that answer, and none of those that do not."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from postgres import cluster
from prometheus_client import CollectorRegistry
from redises import RedisServer, free_port

from chassis.exporter import Settings, registry


@pytest.fixture
def observer() -> Iterator[str]:
    """The role that compose.yaml's first start makes: it may read numbers, and no table."""
    name = "observer"
    cluster().primary.ask(f"CREATE ROLE {name} LOGIN IN ROLE pg_monitor")
    yield cluster().primary.url("postgres", name)
    cluster().primary.ask(f"DROP ROLE {name}")


def of(found: CollectorRegistry, name: str, **labels: str) -> float | None:
    return found.get_sample_value(name, labels)


def nowhere() -> str:
    return f"postgresql://nobody@127.0.0.1:{free_port()}/postgres"


def test_it_tells_of_each_server(redis: RedisServer, observer: str) -> None:
    replica = observer.replace(f":{cluster().primary.port}/", f":{cluster().replica.port}/")
    told = registry(Settings(primary_url=observer, replica_url=replica, cache_url=redis.url))
    assert of(told, "chat_postgres_up", server="primary") == 1
    assert of(told, "chat_postgres_up", server="replica") == 1
    assert of(told, "chat_postgres_replicas", server="primary") == 1
    assert of(told, "chat_postgres_replicas", server="replica") == 0
    assert of(told, "chat_postgres_connections_max", server="primary") == 200
    assert (of(told, "chat_postgres_connections", server="primary") or 0) >= 1
    assert of(told, "chat_redis_up") == 1
    assert (of(told, "chat_redis_used_memory") or 0) > 100_000


def test_transactions_are_those_of_each_database(redis: RedisServer, observer: str) -> None:
    told = registry(Settings(primary_url=observer, cache_url=redis.url))
    labels = {"server": "primary", "database": "postgres", "outcome": "commit"}
    before = of(told, "chat_postgres_transactions_total", **labels)
    assert before is not None
    for _ in range(20):
        cluster().primary.ask("SELECT 1")
    assert (of(told, "chat_postgres_transactions_total", **labels) or 0) >= before + 20


def test_lookups_are_told_apart(redis: RedisServer, observer: str) -> None:
    told = registry(Settings(primary_url=observer, cache_url=redis.url))
    redis.client.set("a", "1")
    for key in ("a", "a", "b"):
        redis.client.get(key)
    assert of(told, "chat_redis_lookups_total", outcome="hit") == 2
    assert of(told, "chat_redis_lookups_total", outcome="miss") == 1


def test_who_does_not_answer_is_down_and_has_no_other_number(redis: RedisServer) -> None:
    told = registry(Settings(primary_url=nowhere(), cache_url=redis.url))
    assert of(told, "chat_postgres_up", server="primary") == 0
    assert of(told, "chat_postgres_connections", server="primary") is None
    assert of(told, "chat_redis_up") == 1
    redis.kill()
    assert of(told, "chat_redis_up") == 0
    assert of(told, "chat_redis_used_memory") is None


def test_a_server_that_hangs_holds_nobody_up_for_long(redis: RedisServer, observer: str) -> None:
    told = registry(Settings(primary_url=observer, cache_url=redis.url))
    with redis.stopped():
        assert of(told, "chat_redis_up") == 0
        assert of(told, "chat_postgres_up", server="primary") == 1


def test_whoever_has_its_password_reads_no_table(observer: str, tmp_path: Path) -> None:
    url = cluster().database(str(tmp_path.resolve()))
    theirs = observer.replace("/postgres", f"/{url.rpartition('/')[2]}")
    with psycopg.connect(theirs) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM outbox")
