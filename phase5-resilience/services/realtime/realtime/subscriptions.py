"""Which conversations those are in who are connected here: what an event's way to them depends on.

It is asked once, as somebody comes, and kept by events from then on: no event costs a question.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection

Change = tuple[bool, str]
"""Whether somebody has come into a conversation, or else left it."""


class Subscriptions:
    """Thread-safe. `ask` tells in which conversations somebody is, as it is at that moment.

    While it is asked, changes are heard that the answer may have or not. They are noted, and
    applied to the answer in their order: the last one holds, whatever the answer was.
    """

    def __init__(self, ask: Callable[[str], Collection[str]]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._visits: Counter[str] = Counter()
        self._noted: defaultdict[str, list[list[Change]]] = defaultdict(list)
        self._conversations: dict[str, set[str]] = {}
        self._people: defaultdict[str, set[str]] = defaultdict(set)

    def enter(self, user_id: str) -> None:
        """Subscribe somebody, until they `leave` as often; errors are those of `ask`."""
        changes: list[Change] = []
        with self._lock:
            self._visits[user_id] += 1
            self._noted[user_id].append(changes)
        try:
            known = set(self._ask(user_id))
        except BaseException:
            self._stop_noting(user_id, changes)
            self.leave(user_id)
            raise
        with self._lock:
            for joined, conversation_id in changes:
                (known.add if joined else known.discard)(conversation_id)
            self._set(user_id, known)
        self._stop_noting(user_id, changes)

    def leave(self, user_id: str) -> None:
        """Take one visit back; with the last one the subscriptions go."""
        with self._lock:
            self._visits[user_id] -= 1
            if self._visits[user_id] == 0:
                del self._visits[user_id]
                self._set(user_id, set())
                self._conversations.pop(user_id, None)

    def changed(self, conversation_id: str, user_ids: Collection[str], *, joined: bool) -> None:
        """Note that people have come into a conversation, or left it."""
        with self._lock:
            for user_id in user_ids:
                if user_id not in self._visits:
                    continue
                for changes in self._noted.get(user_id, ()):
                    changes.append((joined, conversation_id))
                known = self._conversations.get(user_id, set())
                changed = known | {conversation_id} if joined else known - {conversation_id}
                self._set(user_id, changed)

    def people(self, conversation_ids: Collection[str]) -> set[str]:
        """Return who here is in one of these conversations."""
        with self._lock:
            found = [self._people[one] for one in conversation_ids if one in self._people]
            return set().union(*found)

    def conversations(self, user_id: str) -> set[str]:
        """Return in which conversations somebody is who is here."""
        with self._lock:
            return set(self._conversations.get(user_id, ()))

    def _set(self, user_id: str, conversation_ids: set[str]) -> None:
        before = self._conversations.get(user_id, set())
        for one in before - conversation_ids:
            self._people[one].discard(user_id)
            if not self._people[one]:
                del self._people[one]
        for one in conversation_ids - before:
            self._people[one].add(user_id)
        self._conversations[user_id] = conversation_ids

    def _stop_noting(self, user_id: str, changes: list[Change]) -> None:
        with self._lock:
            left = [one for one in self._noted[user_id] if one is not changes]
            self._noted[user_id] = left
            if not left:
                del self._noted[user_id]
