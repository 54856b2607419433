"""What each person has written a moment ago, so that they find it wherever they look next.

Who writes it down here and who looks may be two services: the one has the data, the other a copy
that is some milliseconds behind.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from redis import Redis

from chassis.cache.link import VERSION, Garbage, Link

TTL = 5
"""Seconds after the last one; no copy that works is so far behind."""


class Wrote(NamedTuple):
    """How far a conversation was with what somebody did to it; `seq` of their own last message."""

    rev: int
    seq: int


class OwnWrites:
    """Sorted sets, one for each person. None of this fails: without Redis nobody knows."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def note(self, user_id: str, conversation_id: str, wrote: Wrote) -> None:
        """Write it down; a later rev stays."""
        epoch = self._link.epoch()
        if epoch is None:
            return
        key = _key(user_id)
        numbers = {f"rev:{conversation_id}": wrote.rev, f"seq:{conversation_id}": wrote.seq}

        def note(redis: Redis) -> object:
            pipeline = redis.pipeline(transaction=False)
            pipeline.zadd(key, numbers, gt=True)
            pipeline.expire(key, TTL)
            return pipeline.execute()

        self._link.run(epoch, note)

    def of(self, user_id: str) -> Mapping[str, Wrote] | None:
        """Return what somebody wrote, by conversation; None if nobody knows."""
        epoch = self._link.epoch()
        if epoch is None:
            return None

        def ask(redis: Redis) -> dict[str, int]:
            try:  # the client itself stumbles over what is no list
                reply: Any = redis.zrange(_key(user_id), 0, -1, withscores=True)
                return {name.decode(): int(number) for name, number in reply}
            except (ValueError, TypeError, AttributeError):
                raise Garbage("Redis answered what was not asked") from None

        numbers = self._link.run(epoch, ask)
        if numbers is None:
            return None
        revs = {name[4:]: rev for name, rev in numbers.items() if name.startswith("rev:")}
        return {one: Wrote(rev, numbers.get(f"seq:{one}", 0)) for one, rev in revs.items()}


def _key(user_id: str) -> str:
    return f"chat:{VERSION}:wrote:{user_id}"
