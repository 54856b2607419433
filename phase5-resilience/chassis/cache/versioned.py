"""Versioned keys, for documents that many writers change.

The version comes from the database, where a writer raises it in the transaction that makes the
change. A key with its version therefore always stands for the same document: it may be stored late,
twice or never, and nobody has to delete it. Old versions are asked for by nobody, and expire. (Who
puts another database in the place of this one must restart the process: that begins a new epoch.)
"""

from collections.abc import Mapping
from typing import Any

from redis import Redis

from chassis import context
from chassis.cache.link import Document, Epoch, Link, listed, pack, unpack

Versions = Mapping[str, int]
"""Which version of each document, by id."""


class VersionedDocuments:
    """Documents of one kind. `ttl` (seconds) is how long a version lives after it was stored."""

    def __init__(self, link: Link, kind: str, ttl: int) -> None:
        self._link = link
        self._kind = kind
        self._ttl_ms = ttl * 1000

    def is_on(self) -> bool:
        """Return whether it makes sense to ask."""
        on = self._link.epoch() is not None
        if not on:
            context.count("cache", self._kind, "off")
        return on

    def get(self, versions: Versions) -> dict[str, dict[str, Any]]:
        """Return those documents that are there in this version, by id."""
        epoch = self._link.epoch()
        if epoch is None or not versions:
            return {}
        keys = self._keys(epoch, versions)

        def get(redis: Redis) -> dict[str, dict[str, Any]]:
            now, *replies = listed(redis.mget(epoch.place, *keys.values()), 1 + len(keys))
            epoch.require_present(now or b"")
            found = {
                one: unpack(key, stored)
                for (one, key), stored in zip(keys.items(), replies, strict=True)
                if stored is not None
            }
            context.describe("cache", "hit" if len(found) == len(keys) else "miss")
            context.count("cache", self._kind, "hit", by=len(found))
            context.count("cache", self._kind, "miss", by=len(keys) - len(found))
            return found

        found = self._link.run(epoch, get)
        if found is None:
            context.count("cache", self._kind, "error", by=len(keys))
        return found or {}

    def put(self, versions: Versions, documents: Mapping[str, Document]) -> None:
        """Store documents, each in its version."""
        epoch = self._link.epoch()
        if epoch is None or not documents:
            return
        keys = self._keys(epoch, {one: versions[one] for one in documents})

        def put(redis: Redis) -> object:
            pipeline = redis.pipeline(transaction=False)
            for one, document in documents.items():
                pipeline.set(keys[one], pack(keys[one], document), px=self._ttl_ms)
            return pipeline.execute()

        self._link.run(epoch, put)

    def _keys(self, epoch: Epoch, versions: Versions) -> dict[str, str]:
        start = epoch.key(self._kind, "")
        return {one: f"{start}{one}:{version}" for one, version in versions.items()}
