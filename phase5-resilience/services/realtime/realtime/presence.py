"""Who is connected, at whichever process: each says so in Redis, and again every few seconds."""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Any

from chassis.ids import new_id
from realtime.store import Store

SAID_EVERY = 5.0
"""Seconds after which each process says again that it is there, and who is connected to it."""
FORGOTTEN_AFTER = 15
"""Seconds after which a process that says nothing is taken for gone, with all its people."""
KEPT = 60
"""Seconds for which there is still somebody to say who they were."""

PROCESSES = "realtime:processes"


class Presence:
    """What is in Redis; `name` is this process's. Errors of each method: `NotReady`."""

    def __init__(self, store: Store) -> None:
        self.name = new_id()
        self._store = store

    def moved(self, user_id: str, *, online: bool) -> None:
        """Say that somebody has come to this process, or gone from it."""
        people = _people(self.name)
        self._store.ask(lambda redis: (redis.sadd if online else redis.srem)(people, user_id))

    def say(self, user_ids: Collection[str]) -> None:
        """Say that this process is there, and who all is connected to it."""

        def say(redis: Any) -> None:
            with redis.pipeline() as together:
                together.set(_alive(self.name), 1, ex=FORGOTTEN_AFTER)
                together.sadd(PROCESSES, self.name)
                together.delete(_people(self.name))
                if user_ids:
                    together.sadd(_people(self.name), *user_ids)
                    together.expire(_people(self.name), KEPT)
                together.execute()

        self._store.ask(say)

    def online(self, user_ids: Collection[str]) -> set[str]:
        """Return those people who have a socket open somewhere."""
        asked = list(user_ids)
        found: set[str] = set()
        if not asked:
            return found

        def ask(redis: Any) -> list[Any]:
            names = [_name(one) for one in redis.smembers(PROCESSES)]
            with redis.pipeline(transaction=False) as together:
                for name in names:
                    together.exists(_alive(name))
                    together.smismember(_people(name), asked)
                return list(together.execute())

        answers = iter(self._store.ask(ask))
        for is_alive, are_there in zip(answers, answers, strict=True):
            if is_alive:
                found |= {one for one, there in zip(asked, are_there, strict=True) if there}
        return found

    def bury(self) -> Iterator[str]:
        """Yield who was connected to processes that say nothing any more; one process is told."""

        def silent(redis: Any) -> list[str]:
            names = [_name(one) for one in redis.smembers(PROCESSES)]
            return [name for name in names if not redis.exists(_alive(name))]

        def claim(redis: Any, name: str) -> list[bytes]:
            if not redis.srem(PROCESSES, name):
                return []
            with redis.pipeline() as together:
                together.smembers(_people(name))
                together.delete(_people(name))
                return list(together.execute()[0])

        for name in self._store.ask(silent):
            yield from map(_name, self._store.ask(partial(claim, name=name)))


def _alive(process: str) -> str:
    return f"realtime:alive:{process}"


def _people(process: str) -> str:
    return f"realtime:people:{process}"


def _name(found: bytes) -> str:
    return found.decode()
