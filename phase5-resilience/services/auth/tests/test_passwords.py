"""Hashing is slow on purpose, so it is bounded, and says nothing by its time."""

import threading
import time

import pytest

from auth.passwords import Passwords
from chassis.errors import Overloaded


def test_hashes_are_argon2id_at_owasps_minimum() -> None:
    assert Passwords(1, 1).hash("secret").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_only_the_right_password_fits() -> None:
    passwords = Passwords(1, 1)
    hashed = passwords.hash("secret")
    assert passwords.verify(hashed, "secret")
    assert not passwords.verify(hashed, "Secret")
    assert not passwords.verify(None, "")


def test_who_finds_every_place_taken_is_sent_away() -> None:
    passwords = Passwords(at_once=1, wait=0.05)
    with passwords._place(), pytest.raises(Overloaded) as refused:
        passwords.hash("secret")
    assert refused.value.retry_after >= 1
    assert passwords.hash("secret")


def test_an_unknown_account_costs_as_much_work_as_a_known_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passwords = Passwords(1, 1)
    verified: list[str] = []
    real = passwords._hasher

    class Spy:
        def verify(self, hashed: str, password: str) -> bool:
            verified.append(hashed)
            return real.verify(hashed, password)

    monkeypatch.setattr(passwords, "_hasher", Spy())
    assert not passwords.verify(None, "secret")
    assert [hashed.rsplit("$", 2)[0] for hashed in verified] == ["$argon2id$v=19$m=19456,t=2,p=1"]


@pytest.mark.parametrize(("password", "times"), [("secret", 1), ("secre\u0301t", 2)])
def test_the_work_depends_on_what_is_typed_and_on_no_account(
    monkeypatch: pytest.MonkeyPatch, password: str, times: int
) -> None:
    passwords = Passwords(1, 1)
    real = passwords._hasher
    verified: list[str] = []

    class Spy:
        def verify(self, hashed: str, password: str) -> bool:
            verified.append(password)
            return real.verify(hashed, password)

    accounts = [None, real.hash("another"), passwords.hash("another")]
    monkeypatch.setattr(passwords, "_hasher", Spy())
    for password_hash in accounts:
        verified.clear()
        assert passwords.verify(password_hash, password) is None
        assert len(verified) == times


def test_never_more_hashes_at_once_than_allowed() -> None:
    passwords = Passwords(at_once=2, wait=10)
    at_once: list[int] = []
    running = 0
    lock = threading.Lock()
    real = passwords._hasher

    class Spy:
        def hash(self, password: str) -> str:
            nonlocal running
            with lock:
                running += 1
                at_once.append(running)
            time.sleep(0.01)
            hashed = real.hash(password)
            with lock:
                running -= 1
            return hashed

    passwords._hasher = Spy()  # type: ignore[assignment]
    threads = [threading.Thread(target=passwords.hash, args=("secret",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(at_once) == 2
