"""Addresses and paths of containers become those of this machine."""

from pathlib import Path

import pytest

from lab.native.rewrite import Rewriter

PORTS = {("app", 8000): 18000, ("redis", 6379): 16379, ("redis-2", 6379): 26379}


@pytest.fixture
def rewrite() -> Rewriter:
    paths = {
        "/data": Path("/state/data"),
        "/data/deep": Path("/elsewhere"),
        "/srv/web": Path("/tree/web"),
    }
    return Rewriter("app", ["app", "redis", "redis-2"], paths, lambda *key: PORTS[key])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.0.0.0:8000", "127.0.0.1:18000"),
        ("localhost:8000", "127.0.0.1:18000"),
        ("[::]:8000", "127.0.0.1:18000"),
        ("--bind=0.0.0.0:8000", "--bind=127.0.0.1:18000"),
        ("http://127.0.0.1:8000/readyz", "http://127.0.0.1:18000/readyz"),
        ("redis:6379", "127.0.0.1:16379"),
        ("redis://redis:6379/0", "redis://127.0.0.1:16379/0"),
        ("redis://:secret@redis:6379/0?x=1", "redis://:secret@127.0.0.1:16379/0?x=1"),
        ("redis:6379,redis-2:6379", "127.0.0.1:16379,127.0.0.1:26379"),
        ("other.redis:6379", "other.redis:6379"),
        ("myredis:6379", "myredis:6379"),
        ("redis:6379x", "redis:6379x"),
        ("redis", "redis"),
        ("10.0.0.0:8000", "10.0.0.0:8000"),
    ],
)
def test_addresses(rewrite: Rewriter, value: str, expected: str) -> None:
    assert rewrite(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/data", "/state/data"),
        ("/data/chat.db", "/state/data/chat.db"),
        ("/data/deep/x", "/elsewhere/x"),
        ("--dir=/data/x", "--dir=/state/data/x"),
        ("/data:/srv/web", "/state/data:/tree/web"),
        ("sqlite:////data/chat.db", "sqlite:////state/data/chat.db"),
        ("file:///data/x", "file:///state/data/x"),
        ("cat '/data/x'", "cat '/state/data/x'"),
        ("/database", "/database"),
        ("/var/data", "/var/data"),
        ("/data.old", "/data.old"),
        ("/data-2", "/data-2"),
        ("http://host/data", "http://host/data"),
        ("redis://data:1", "redis://data:1"),
    ],
)
def test_paths(rewrite: Rewriter, value: str, expected: str) -> None:
    assert rewrite(value) == expected


def test_a_port_of_this_machine_stays_one(rewrite: Rewriter) -> None:
    outside = Rewriter("app", ["app"], {}, lambda *key: PORTS[key], lambda port: port == 9000)
    assert outside("http://localhost:9000/ app:8000") == "http://127.0.0.1:9000/ 127.0.0.1:18000"
    assert outside.listens_on("0.0.0.0:1 127.0.0.1:2 [::]:3 app:4") == [1, 3]


@pytest.mark.parametrize(
    ("value", "service"),
    [
        ("redis://redis/0", "redis"),
        ("http://user:pw@app", "app"),
        ("postgresql://app@redis:6379/app", None),
        ("redis://redis:6379/0", None),
        ("http://redis.example/", None),
        ("see redis", None),
    ],
)
def test_urls_that_leave_the_port_out_are_found(
    rewrite: Rewriter, value: str, service: str | None
) -> None:
    assert rewrite.portless(value) == service
