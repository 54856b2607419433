"""`python -m chassis.exporter`: what the database servers and Redis say of themselves, as metrics.

They speak no HTTP. This asks each when it is asked, as a role that may read their numbers and no
table. Who does not answer is `up` 0, and has no other number: an old one would be a lie.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic_settings import BaseSettings, SettingsConfigDict
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from chassis.messaging.process import until_stopped
from chassis.messaging.settings import WorkerSettings

PATIENCE = 2
"""Seconds for each server, well below Prometheus's own for all of them."""

_SERVER = """
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        current_setting('max_connections')::int,
        (SELECT count(*) FROM pg_stat_replication),
        (SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), 0)::float8
            FROM pg_stat_replication WHERE NOT pg_is_in_recovery())
"""
_DATABASES = """
    SELECT pg_database.datname, xact_commit, xact_rollback, blks_hit, blks_read, deadlocks,
        pg_database_size(datid)
    FROM pg_stat_database JOIN pg_database ON pg_database.oid = datid AND NOT datistemplate
"""


class Settings(BaseSettings):
    """Each field is the environment variable CHAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="CHAT_", frozen=True)

    operations_bind: str = "127.0.0.1:9000"
    primary_url: str = "postgresql://observer@127.0.0.1:5432/postgres"
    replica_url: str = ""
    """Empty: there is none."""
    database_password_file: Path | None = None
    cache_url: str = "redis://127.0.0.1:6379/0"
    log_level: str = "INFO"


class PostgresNumbers(Collector):
    """Of several servers, each under a name. Transactions and blocks are those since its start."""

    def __init__(self, servers: dict[str, str], password: str | None) -> None:
        self._servers = servers
        self._password = password

    def collect(self) -> Iterable[Metric]:
        """Ask all of them."""
        up, most, used, replicas, lag, size = (
            GaugeMetricFamily(f"chat_postgres_{name}", says, labels=labels)
            for name, says, labels in (
                ("up", "Whether the server answers.", ["server"]),
                ("connections_max", "Connections that it takes.", ["server"]),
                ("connections", "Connections of clients.", ["server"]),
                ("replicas", "Replicas that follow it now.", ["server"]),
                ("replication_lag_bytes", "Log the slowest has not replayed.", ["server"]),
                ("size_bytes", "A database on disk.", ["server", "database"]),
            )
        )
        ended, blocks, deadlocks = (
            CounterMetricFamily(f"chat_postgres_{name}", says, labels=labels)
            for name, says, labels in (
                ("transactions", "Ended.", ["server", "database", "outcome"]),
                ("blocks", "Blocks asked for.", ["server", "database", "outcome"]),
                ("deadlocks", "Ended by the server.", ["server", "database"]),
            )
        )
        for server, url in self._servers.items():
            found = self._ask(url)
            up.add_metric([server], found is not None)
            if found is None:
                continue
            numbers, databases = found
            for family, number in zip((used, most, replicas, lag), numbers, strict=True):
                family.add_metric([server], number)
            for name, commits, rollbacks, hit, read, dead, of_disk in databases:
                ended.add_metric([server, name, "commit"], commits)
                ended.add_metric([server, name, "rollback"], rollbacks)
                blocks.add_metric([server, name, "hit"], hit)
                blocks.add_metric([server, name, "miss"], read)
                deadlocks.add_metric([server, name], dead)
                size.add_metric([server, name], of_disk)
        return up, most, used, replicas, lag, size, ended, blocks, deadlocks

    def _ask(self, url: str) -> tuple[Any, list[Any]] | None:
        limit = f"-c statement_timeout={PATIENCE * 1000}"
        try:
            with psycopg.connect(
                url,
                password=self._password,
                autocommit=True,
                connect_timeout=PATIENCE,
                tcp_user_timeout=PATIENCE * 1000,
                options=limit,
            ) as connection:
                numbers = connection.execute(_SERVER).fetchone()
                return numbers, connection.execute(_DATABASES).fetchall()
        except psycopg.OperationalError:
            return None


class RedisNumbers(Collector):
    """Of one server."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1),  # a connection that was kept may be dead
        )

    def collect(self) -> Iterator[Metric]:
        """Ask it."""
        info = self._ask()
        yield GaugeMetricFamily("chat_redis_up", "Whether it answers.", bool(info))
        if not info:
            return
        for field, says in (
            ("used_memory", "Bytes in use."),
            ("maxmemory", "Bytes that it may use."),
            ("connected_clients", "Connections."),
        ):
            yield GaugeMetricFamily(f"chat_redis_{field}", says, info[field])
        for field, says in (
            ("total_commands_processed", "Commands."),
            ("evicted_keys", "Keys dropped for want of room."),
        ):
            yield CounterMetricFamily(f"chat_redis_{field}", says, info[field])
        lookups = CounterMetricFamily("chat_redis_lookups", "Keys looked for.", labels=["outcome"])
        lookups.add_metric(["hit"], info["keyspace_hits"])
        lookups.add_metric(["miss"], info["keyspace_misses"])
        yield lookups

    def _ask(self) -> dict[str, Any]:
        try:
            found: Any = self._redis.info()
        except RedisError:
            return {}
        return dict(found)


def registry(settings: Settings) -> CollectorRegistry:
    """Return what is told."""
    servers = {"primary": settings.primary_url, "replica": settings.replica_url}
    file = settings.database_password_file
    password = file.read_text().strip() if file else None
    found = CollectorRegistry()
    found.register(PostgresNumbers({name: url for name, url in servers.items() if url}, password))
    found.register(RedisNumbers(settings.cache_url))
    return found


def main() -> int:
    """Tell until stopped; return the exit code."""
    settings = Settings()
    host, _, port = settings.operations_bind.rpartition(":")

    def run(stopping: Event) -> None:
        server, _ = start_http_server(int(port), host, registry(settings))
        stopping.wait()
        server.shutdown()

    return until_stopped("exporter", WorkerSettings(), run)


if __name__ == "__main__":
    sys.exit(main())
