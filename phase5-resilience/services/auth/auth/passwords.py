"""Password hashing: argon2id at OWASP's minimum (19 MiB, two passes, one lane).

https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from chassis import context, text
from chassis.errors import Overloaded


class Passwords:
    """Hashes and verifies, `at_once` at a time; who waits longer than `wait` seconds is sent away.

    Hashing is meant to be slow. Unbounded, a burst of logins would take all memory and every core.
    """

    def __init__(self, at_once: int, wait: float) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._places = threading.BoundedSemaphore(at_once)
        self._wait = wait
        self._nobodys_hash = self._hasher.hash("")

    def hash(self, password: str) -> str:
        """Return the hash in PHC format, of the password in its one form."""
        with self._place():
            return self._hasher.hash(text.password(password))

    def verify(self, password_hash: str | None, password: str) -> str | None:
        """Return the hash to keep if the password fits, else None.

        Hashes from before passwords had one form are of what was typed: that is tried too, and
        the hash to keep is a new one. Without a hash the work is done all the same: the time an
        answer takes must tell neither whether the account exists nor how old its hash is.
        """
        tried = text.password(password)
        with self._place():
            if self._fits(password_hash, tried):
                return password_hash
            if tried != password and self._fits(password_hash, password):
                return self._hasher.hash(tried)
        return None

    def _fits(self, password_hash: str | None, password: str) -> bool:
        try:
            self._hasher.verify(password_hash or self._nobodys_hash, password)
        except VerifyMismatchError:
            return False
        return password_hash is not None

    @contextmanager
    def _place(self) -> Iterator[None]:
        with context.waiting("password hash"):
            placed = self._places.acquire(timeout=self._wait)
        if not placed:
            raise Overloaded("Too many people are logging in at once.", retry_after=2)
        try:
            yield
        finally:
            self._places.release()
