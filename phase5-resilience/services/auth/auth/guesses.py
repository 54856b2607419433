"""How often the password of an account may be guessed, so that its owner is never locked out."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address, ip_network

from chassis.buckets import Buckets, Clock, Quotas
from chassis.errors import RateLimited, Unauthenticated

KNOWN_MAX = 20_000


class Guesses:
    """Counts wrong passwords: for each account those from one address, and those from everywhere.

    What strangers have used up bars strangers alone: where somebody has lately used the account,
    only the guesses from there count. So an attacker with a thousand addresses slows down logins
    from new places, and nobody who is at home. All is kept in memory: a restart forgets, and the
    next refresh from there makes a place known again.
    """

    def __init__(self, quotas: Quotas, clock: Clock = time.monotonic) -> None:
        self._near = Buckets(quotas.of("account", "address"), clock=clock)
        self._strangers = Buckets(quotas.of("account", "elsewhere"), clock=clock)
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    @contextmanager
    def guess(self, username: str, account_id: str | None, address: str) -> Iterator[None]:
        """Let somebody try a password; only if the block raises `Unauthenticated`, it counts.

        Raises `RateLimited` where there were too many; for accounts that do not exist, too.
        """
        place = network(address)
        taken: list[tuple[Buckets, object]] = []
        pairs = [(self._near, (username, place)), (self._strangers, username)]
        for buckets, key in pairs[: 1 if self._is_known(account_id, place) else 2]:
            if wait := buckets.take(key):
                _give_back(taken)
                raise RateLimited(
                    "Too many wrong passwords for this account.", retry_after=math.ceil(wait)
                )
            taken.append((buckets, key))
        wrong = False
        try:
            yield
        except Unauthenticated:
            wrong = True
            raise
        finally:
            if not wrong:
                _give_back(taken)

    def used(self, account_id: str, address: str) -> None:
        """Keep that the account's owner is at this address."""
        with self._lock:
            self._known[account_id, network(address)] = None
            self._known.move_to_end((account_id, network(address)))
            if len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)

    def _is_known(self, account_id: str | None, place: str) -> bool:
        return account_id is not None and (account_id, place) in self._known


def network(address: str) -> str:
    """Return what stands for an address: whoever has one of IPv6 has all of its /64."""
    try:
        found = ip_address(address)
    except ValueError:  # a Unix socket's peer has none
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return address


def _give_back(taken: list[tuple[Buckets, object]]) -> None:
    for buckets, key in taken:
        buckets.give_back(key)
