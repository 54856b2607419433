"""Which sockets are open at this process, by person and by login."""

import threading
from collections import defaultdict
from collections.abc import Collection

from chassis.identity import Caller


class Connections:
    """A thread-safe register of open sockets. A `sid` is Socket.IO's name of one socket."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callers: dict[str, Caller] = {}
        self._by_user: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, sid: str, caller: Caller) -> bool:
        """Register a socket; return whether it is the person's first."""
        with self._lock:
            self._callers[sid] = caller
            sids = self._by_user[caller.user_id]
            sids.add(sid)
            return len(sids) == 1

    def remove(self, sid: str) -> Caller | None:
        """Forget a socket; return whose it was if it was that person's last."""
        with self._lock:
            caller = self._callers.pop(sid, None)
            if caller is None:
                return None
            sids = self._by_user[caller.user_id]
            sids.discard(sid)
            if sids:
                return None
            del self._by_user[caller.user_id]
            return caller

    def caller(self, sid: str) -> Caller | None:
        """Return whose socket this is."""
        return self._callers.get(sid)

    def online(self, user_ids: Collection[str]) -> list[str]:
        """Return those people who have a socket open."""
        with self._lock:
            return [user_id for user_id in user_ids if user_id in self._by_user]

    def people(self) -> list[str]:
        """Return who has a socket open."""
        with self._lock:
            return list(self._by_user)

    def of_logins(self, login_ids: Collection[str]) -> list[str]:
        """Return the sockets of these logins."""
        with self._lock:
            return [sid for sid, caller in self._callers.items() if caller.login_id in login_ids]

    def all(self) -> list[str]:
        """Return every socket."""
        with self._lock:
            return list(self._callers)
