"""`python -m drills.windows FILE`: the same requests, counted in three ways, drawn as a picture.

Runs for half a minute, in real time, against the nginx of the tests. In this directory, with
PYTHONPATH=../common:tests.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from load.chart import Line, lines
from load.spread import Spread
from nginx import Nginx

QUOTA, WINDOW = 20, 10
"""Requests, in seconds."""
BURSTS = {9.2: 25, 10.6: 25, 26.4: 25}
"""How many come at once, and when; the first two lie on both sides of a window's end."""
STEADY = 1.0
"""Seconds between two of the rest."""
LENGTH = 32.0


def arrivals() -> list[float]:
    """Return when requests come, in seconds."""
    steady = [number * STEADY for number in range(int(LENGTH / STEADY))]
    return sorted([*steady, *(at for at, count in BURSTS.items() for _ in range(count))])


def admitted(nginx: Nginx) -> Iterator[tuple[float, dict[str, bool]]]:
    """Ask at each moment; yield when that was, and which ways of counting let it pass."""
    time.sleep(-time.time() % WINDOW)  # a window begins with the run
    began = time.monotonic()
    for due in arrivals():
        time.sleep(max(began + due - time.monotonic(), 0))
        answer = nginx.ask("windows", key="one", q=QUOTA, w=WINDOW)
        yield time.monotonic() - began, answer


def most_within(moments: list[float]) -> int:
    """Return how many were let pass in the worst stretch as long as a window."""
    return max(sum(at <= one < at + WINDOW for one in moments) for at in moments)


def main(file: Path) -> None:
    """Run, draw, and print what each way let pass."""
    with tempfile.TemporaryDirectory() as directory:
        nginx = Nginx(Path(directory))
        try:
            found = list(admitted(nginx))
        finally:
            nginx.stop()
    drawn = []
    for way in found[0][1]:
        passed = [at for at, answer in found if answer[way]]
        print(f"{way}: {len(passed)} of {len(found)}, at most {most_within(passed)} in {WINDOW} s")
        drawn.append(_line(way, passed))
    title = f"One pattern of {len(found)} requests, three ways to say {QUOTA} in {WINDOW} s"
    marks = [(at, f"{count} at once") for at, count in BURSTS.items()]
    file.write_text(lines(title, "seconds", "let pass", drawn, marks), encoding="utf-8")


def _line(label: str, moments: list[float]) -> Line:
    steps = [
        (at, Spread(n, n, n)) for number, at in enumerate(moments) for n in (number, number + 1)
    ]
    return Line(label, [*steps, (LENGTH, Spread(len(moments), len(moments), len(moments)))])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
