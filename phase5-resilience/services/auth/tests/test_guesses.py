"""Guessing passwords is slow, from one address and from a thousand, and bars no owner."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import count

import pytest
from flask.testing import FlaskClient
from waiting import PHASE

from auth.guesses import Guesses, network
from chassis.buckets import Buckets, Quota, Quotas
from chassis.errors import Overloaded, RateLimited, Unauthenticated

HOME, ATTACKER = "192.0.2.1", "198.51.100.7"


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guesses(clock: Clock) -> Guesses:
    return Guesses(Quotas(PHASE / "gateway" / "limits.json", "real"), clock)


@pytest.fixture
def addresses() -> Iterator[str]:
    return (f"203.0.{number // 250}.{number % 250}" for number in count())


def _guess(guesses: Guesses, address: str, *, right: bool = False, account: str = "id") -> bool:
    """Return whether one was let try."""
    with suppress(Unauthenticated):
        try:
            with guesses.guess("ada", account, address):
                _check(right=right)
        except RateLimited:
            return False
        guesses.used(account, address)
    return True


def _check(*, right: bool) -> None:
    if not right:
        raise Unauthenticated


def test_one_address_gets_few_guesses_and_then_one_a_minute(guesses: Guesses, clock: Clock) -> None:
    assert [_guess(guesses, ATTACKER) for _ in range(7)] == [True] * 5 + [False] * 2
    clock.now += 60
    assert [_guess(guesses, ATTACKER) for _ in range(2)] == [True, False]


def test_the_refusal_says_when_to_come_again(guesses: Guesses) -> None:
    while _guess(guesses, ATTACKER):
        pass
    with pytest.raises(RateLimited) as refused, guesses.guess("ada", "id", ATTACKER):
        pass
    assert refused.value.retry_after == 60


def test_a_right_password_uses_nothing_up(guesses: Guesses) -> None:
    assert all(_guess(guesses, HOME, right=True) for _ in range(100))


def test_a_fault_of_ours_is_no_guess(guesses: Guesses) -> None:
    for _ in range(100):
        with suppress(Overloaded), guesses.guess("ada", "id", HOME):
            raise Overloaded("Too many people are logging in at once.")
    assert _guess(guesses, HOME)


def test_another_address_is_not_barred_by_a_busy_one(guesses: Guesses) -> None:
    while _guess(guesses, ATTACKER):
        pass
    assert _guess(guesses, HOME, right=True)


def test_a_thousand_addresses_together_get_few_guesses(
    guesses: Guesses, clock: Clock, addresses: Iterator[str]
) -> None:
    assert sum(_guess(guesses, next(addresses)) for _ in range(1000)) == 30
    clock.now += 60
    assert sum(_guess(guesses, next(addresses)) for _ in range(1000)) == 3


def test_the_owner_logs_in_from_home_while_a_thousand_addresses_guess(
    guesses: Guesses, addresses: Iterator[str]
) -> None:
    assert _guess(guesses, HOME, right=True), "before the attack"
    for _ in range(1000):
        _guess(guesses, next(addresses))
    assert not _guess(guesses, next(addresses), right=True), "a new place has to wait"
    assert _guess(guesses, HOME, right=True)
    assert not _guess(guesses, HOME, right=True, account="another"), "known to one account alone"


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7"])
def test_an_ipv4_address_is_one_however_a_socket_writes_it(address: str) -> None:
    assert network(address) == "192.0.2.7"


def test_an_ipv6_network_is_one_address(guesses: Guesses) -> None:
    assert sum(_guess(guesses, f"2001:db8:1:2::{number:x}") for number in range(1, 20)) == 5


def test_what_is_kept_is_bounded(clock: Clock) -> None:
    buckets = Buckets(Quota(1, 60), most=2, clock=clock)
    assert [buckets.take(key) for key in "abab"] == [0, 0, 60, 60]
    assert buckets.take("c") == 0
    assert buckets.take("b") == 60, "who came last is kept"
    assert buckets.take("a") == 0, "who was quiet the longest starts anew"


@pytest.mark.parametrize("username", ["ada-lovelace", "nobody-at-all"])
def test_a_client_that_guesses_on_is_told_to_wait(client: FlaskClient, username: str) -> None:
    registered = {"username": "ada-lovelace", "password": "correct horse", "display_name": "Ada"}
    client.post("/api/v1/auth/register", json=registered)
    wrong = {"username": username, "password": "battery staple"}
    answers = [client.post("/api/v1/auth/login", json=wrong) for _ in range(6)]
    assert [one.status_code for one in answers] == [401] * 5 + [429]
    document = answers[-1].get_json()
    assert document["type"] == "/api/docs/problems#rate-limited"
    assert 50 < document["retry_after"] <= 60
    assert answers[-1].headers["Retry-After"] == str(document["retry_after"])


def test_a_login_that_is_used_keeps_its_place_open(client: FlaskClient) -> None:
    """Whoever refreshes is at home, in a process that has started since they logged in, too."""
    registered = {"username": "ada-lovelace", "password": "correct horse", "display_name": "Ada"}
    tokens = client.post("/api/v1/auth/register", json=registered).get_json()
    client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    for number in range(40):
        wrong = {"username": "ada-lovelace", "password": "battery staple"}
        guess = {"REMOTE_ADDR": f"203.0.113.{number}"}
        answer = client.post("/api/v1/auth/login", json=wrong, environ_overrides=guess)
    assert answer.status_code == 429
    right = {"username": "ada-lovelace", "password": "correct horse"}
    assert client.post("/api/v1/auth/login", json=right).status_code == 200
