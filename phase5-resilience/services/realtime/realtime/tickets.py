"""One-time tickets for the WebSocket handshake.

A browser cannot send a header with the handshake, and a query string ends up in logs: so what
stands there is worth nothing a moment later.
"""

from typing import Any

import orjson

from chassis.identity import Caller
from chassis.tokens import hash_token, new_token
from realtime.store import Store


class Tickets:
    """Gives out and redeems tickets that live for `ttl` seconds, at whichever process.

    Redis has a hash of each, and lets it expire. Errors: `NotReady`.
    """

    def __init__(self, store: Store, ttl: int) -> None:
        self._store = store
        self.ttl = ttl

    def issue(self, caller: Caller) -> str:
        """Return a new ticket."""
        ticket = new_token()
        whose = orjson.dumps([caller.user_id, caller.login_id])
        self._store.ask(lambda redis: redis.set(_key(ticket), whose, ex=self.ttl))
        return ticket

    def caller(self, ticket: str) -> Caller | None:
        """Return whose ticket this is; None if it is not valid."""
        found: Any = self._store.ask(lambda redis: redis.get(_key(ticket)))
        if found is None:
            return None
        user_id, login_id = orjson.loads(found)
        return Caller(user_id=user_id, login_id=login_id)

    def use_up(self, ticket: str) -> bool:
        """Return whether it is valid; of several who ask at once, one is told so."""
        return self._store.ask(lambda redis: redis.getdel(_key(ticket))) is not None


def _key(ticket: str) -> str:
    return f"realtime:ticket:{hash_token(ticket).hex()}"
