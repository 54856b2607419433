"""Cache-aside, and whoever changes a document deletes it after the commit.

Deleting alone leaves a race: a reader may have read the database before the commit, and store
what it read after the deletion. So who finds nothing leaves a lease there, stores only in the place
of that lease, and a deletion takes the lease away too (Nishtala et al., "Scaling Memcache at
Facebook", NSDI 2013, 3.2.1).
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Generic, TypeVar, cast

from redis import Redis

from chassis import context
from chassis.cache.link import Document, Epoch, Garbage, Link, listed, pack, unpack

LEASE = b"lease "
LEASE_MS = 3000
"""Who takes longer to read the database stores nothing; somebody else may begin."""

# The last key is the place of the epoch's name: if that has changed, the new one is the answer.
_READ = """
local now = redis.call('GET', table.remove(KEYS))
if now ~= ARGV[3] then
  return now or ''
end
local found = {}
for place, key in ipairs(KEYS) do
  found[place] = redis.call('GET', key)
  if not found[place] then
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
  end
end
return found
"""
_FORGET = """
local now = redis.call('GET', table.remove(KEYS))
if now ~= ARGV[1] then
  return now or ''
end
return redis.call('DEL', unpack(KEYS))
"""
_STORE = """
for place, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then
    redis.call('SET', key, ARGV[2 + place], 'PX', ARGV[2])
  end
end
return 1
"""

Kept = TypeVar("Kept", bound=Document)
Load = Callable[[Sequence[str]], Mapping[str, Kept]]
"""Returns those documents that exist, by id, from the database."""


class CacheAside(Generic[Kept]):
    """Documents of one kind. `ttl` (seconds) is the backstop: how long any of them can live."""

    def __init__(self, link: Link, kind: str, ttl: int) -> None:
        self._link = link
        self._kind = kind
        self._ttl_ms = ttl * 1000

    def read(self, ids: Collection[str], load: Load[Kept]) -> dict[str, Kept]:
        """Return documents by id: from Redis, and what is not there by `load`."""
        epoch = self._link.epoch()
        if epoch is None or not ids:
            context.count("cache", self._kind, "off", by=len(ids))
            return dict(load(list(ids)))
        keys = {one: epoch.key(self._kind, one) for one in ids}
        lease = LEASE + secrets.token_hex(8).encode()
        found, leased = self._look(epoch, keys, lease)
        missing = [one for one in keys if one not in found]
        if missing:
            loaded = load(missing)
            self._store(epoch, lease, {keys[one]: loaded[one] for one in leased if one in loaded})
            found.update(loaded)
        return found

    def forget(self, ids: Collection[str]) -> bool:
        """Delete documents; call it after the commit, and before the change is acknowledged.

        If Redis cannot be told, return False: the link is cut. This process reads nothing that
        should have been deleted; others do until they hear of the change, or this one is back.
        """
        while epoch := self._link.epoch_to_change():
            if self._link.run(epoch, partial(self._delete, epoch, ids)) is not None:
                return True
        return False

    def _delete(self, epoch: Epoch, ids: Collection[str], redis: Redis) -> int:
        keys = [*(epoch.key(self._kind, one) for one in ids), epoch.place]
        deleted = redis.eval(_FORGET, len(keys), *keys, epoch.name)
        epoch.require_present(deleted)
        if not isinstance(deleted, int):
            raise Garbage("Redis did not say how many keys it has deleted")
        return deleted

    def _look(
        self, epoch: Epoch, keys: Mapping[str, str], lease: bytes
    ) -> tuple[dict[str, Kept], list[str]]:
        """Return what is there by id, and the ids where the lease lies now."""

        def look(redis: Redis) -> tuple[dict[str, Kept], list[str]]:
            asked = (*keys.values(), epoch.place)
            reply = redis.eval(_READ, len(asked), *asked, lease, LEASE_MS, epoch.name)
            epoch.require_present(reply)
            found: dict[str, Kept] = {}
            leased: list[str] = []
            for (one, key), stored in zip(keys.items(), listed(reply, len(keys)), strict=True):
                if stored is None:
                    leased.append(one)
                elif not stored.startswith(LEASE):
                    found[one] = cast(Kept, unpack(key, stored))
            context.describe("cache", "hit" if len(found) == len(keys) else "miss")
            context.count("cache", self._kind, "hit", by=len(found))
            context.count("cache", self._kind, "miss", by=len(keys) - len(found))
            return found, leased

        looked = self._link.run(epoch, look)
        if looked is None:
            context.count("cache", self._kind, "error", by=len(keys))
        return looked or ({}, [])

    def _store(self, epoch: Epoch, lease: bytes, documents: Mapping[str, Kept]) -> None:
        """Put documents in the place of the lease, where it still lies."""
        if documents:
            values = [pack(key, document) for key, document in documents.items()]
            self._link.run(
                epoch,
                lambda redis: redis.eval(
                    _STORE, len(documents), *documents, lease, self._ttl_ms, *values
                ),
            )
