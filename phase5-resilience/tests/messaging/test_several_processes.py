"""Several web processes on one database, one Redis: what one writes, all show."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from postgres import cluster
from redises import RedisServer
from running import Person, Server


@pytest.fixture
def servers(tmp_path: Path, redis: RedisServer) -> Iterator[list[Server]]:
    """Two servers with everything: a primary, its replica, a cache."""
    found = [Server(tmp_path, CHAT_CACHE_URL=redis.url, CHAT_CACHE_TIMEOUT="2") for _ in range(2)]
    for server in found:
        url = server._environment["CHAT_DATABASE_URL"]
        server._environment["CHAT_REPLICA_URL"] = cluster().at_replica(url)
        server.start()
    yield found
    for server in found:
        server.stop()


def test_who_acts_sees_it_at_once_at_either_even_if_the_replica_stands_still(
    servers: list[Server],
) -> None:
    ann, ben = (Person(server.url) for server in servers)
    group = ann.group(ben)
    headers = dict(ann.http.headers)
    anns = [
        httpx.Client(base_url=f"{one.url}/api/v1", headers=headers, timeout=15) for one in servers
    ]
    with cluster().paused():
        for number in range(8):
            here, there = anns[number % 2], anns[1 - number % 2]
            body = {"client_id": f"c{number}", "body": f"m{number}"}
            here.post(f"/conversations/{group}/messages", json=body).raise_for_status()
            for client in (there, here, ben.http):
                items = client.get(f"/conversations/{group}/messages").json()["items"]
                assert items[-1]["body"] == f"m{number}"
            (listed,) = there.get("/conversations").json()["items"]
            assert listed["last_message"]["body"] == f"m{number}"
