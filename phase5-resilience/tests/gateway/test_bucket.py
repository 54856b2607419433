"""The token bucket in njs: like the model, exact across workers, bounded, and never stuck."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from http.client import HTTPConnection
from itertools import accumulate, count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nginx import Nginx

START = 1_700_000_000_000_000
"""Of the simulated clock, in µs."""
KEYS = (f"k{number}" for number in count())


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """Two workers that share a dictionary."""
    nginx = Nginx(tmp_path_factory.mktemp("nginx"))
    yield nginx
    nginx.stop()


class Model:
    """A bucket as it is usually drawn: tokens that drip in up to a brim, in exact fractions."""

    def __init__(self, q: int, w: int) -> None:
        self._brim = self._tokens = Fraction(q)
        self._rate = Fraction(1, -(-w * 1_000_000 // q))  # tokens per µs; a token takes whole µs
        self._at = START

    def take(self, at: int) -> dict[str, Any]:
        self._tokens = min(self._brim, self._tokens + (at - self._at) * self._rate)
        self._at = at
        ok = self._tokens >= 1
        self._tokens -= ok
        left = int(self._tokens)
        missing = (left + 1 - self._tokens) / self._rate if self._tokens < self._brim else 0
        return {"ok": ok, "left": left, "wait": -(-missing // 1_000_000)}


@settings(deadline=None, max_examples=200)
@given(
    q=st.integers(1, 40),
    w=st.integers(1, 600),
    gaps=st.lists(
        st.one_of(st.just(0), st.integers(0, 3_000_000), st.integers(0, 700_000_000)),
        min_size=1,
        max_size=60,
    ),
)
def test_it_admits_what_the_model_admits(nginx: Nginx, q: int, w: int, gaps: list[int]) -> None:
    moments = list(accumulate(gaps, initial=START))
    found = nginx.ask("replay", key=next(KEYS), q=q, w=w, at=",".join(map(str, moments)))
    model = Model(q, w)
    expected = [model.take(at) for at in moments]
    assert [{name: one[name] for name in ("ok", "left", "wait")} for one in found] == expected


def _at_once(nginx: Nginx, probe: str, q: int) -> int:
    """Let both workers take from one bucket, each as often as it holds; return the sum."""
    path = f"/{probe}?key={next(KEYS)}&q={q}&w=600&now={START}&times={q}"

    def ask(connection: HTTPConnection) -> int:
        connection.request("GET", path)
        return int(json.loads(connection.getresponse().read()))

    with ThreadPoolExecutor(2) as threads:
        return sum(threads.map(ask, nginx.connections()))


def test_two_workers_at_once_admit_exactly_what_the_bucket_holds(nginx: Nginx) -> None:
    assert [_at_once(nginx, "burst", 30_000) for _ in range(3)] == [30_000] * 3


def test_get_compute_set_loses_updates_between_two_workers(nginx: Nginx) -> None:
    admitted = [_at_once(nginx, "naive", 200_000) for _ in range(5)]
    assert max(admitted) > 200_000, "the fault that the lock is there for was not seen"


def test_in_real_time_two_workers_admit_what_drips_in_and_no_more(nginx: Nginx) -> None:
    q, w, key = 50, 1, next(KEYS)
    admitted, began = 0, time.monotonic()

    def ask(connection: HTTPConnection) -> tuple[int, float, float]:
        """Return how many were admitted, and the window in which they surely were."""
        ok, first, last = 0, 0.0, 0.0
        while time.monotonic() < began + 2:
            connection.request("GET", f"/take?key={key}&q={q}&w={w}")
            ok += json.loads(connection.getresponse().read())["ok"]
            last = time.monotonic()
            first = first or last
        return ok, first, last

    with ThreadPoolExecutor(4) as threads:
        asked = list(threads.map(ask, nginx.connections() + nginx.connections()))
    ended = time.monotonic()
    admitted = sum(ok for ok, _, _ in asked)
    inner = min(last for _, _, last in asked) - max(first for _, first, _ in asked)
    assert q + int(inner * q / w) <= admitted <= q + (ended - began) * q / w


def test_a_killed_workers_lock_ends_by_itself_and_holds_up_its_key_alone(nginx: Nginx) -> None:
    key = next(KEYS)
    assert nginx.ask("lock", key=key)
    with ThreadPoolExecutor(8) as threads:
        began = time.monotonic()
        stuck = [threads.submit(nginx.ask, "take", key=key, q=9, w=9) for _ in range(8)]
        assert nginx.ask("take", key=next(KEYS), q=1, w=1)["ok"]
        assert not any(one.done() for one in stuck), "another key has waited too"
        assert all(one.result()["ok"] for one in stuck)
    assert time.monotonic() - began < 5


def test_refusals_take_no_lock(nginx: Nginx) -> None:
    key = next(KEYS)
    nginx.ask("take", key=key, q=1, w=600)
    assert nginx.ask("lock", key=key)
    began = time.monotonic()
    assert not nginx.ask("take", key=key, q=1, w=600)["ok"]
    assert time.monotonic() - began < 0.4, "it has waited for the lock"


@pytest.mark.parametrize("back", [2, 3_600], ids=["a little", "an hour"])
def test_a_clock_that_is_put_back_empties_a_bucket_and_does_not_bar_it(
    nginx: Nginx, back: int
) -> None:
    before, after = START, START - back * 1_000_000
    moments = [before, after, after + 1_000_000]
    found = nginx.ask("replay", key=next(KEYS), q=1, w=1, at=",".join(map(str, moments)))
    assert [one["ok"] for one in found] == [True, False, True]


def test_a_full_dictionary_drops_no_bucket(tmp_path: Any) -> None:
    nginx = Nginx(tmp_path / "small", room="64k")
    try:
        nginx.ask("take", key="first", q=2, w=600)
        answers = [nginx.ask("take", key=f"filler{n}", q=2, w=600) for n in range(600)]
        assert answers[-1] == {"error": "SharedMemoryError"}
        assert nginx.ask("take", key="first", q=2, w=600)["left"] == 0, "it was forgotten"
    finally:
        nginx.stop()
