"""Logs: stamped, bounded, merged, followed."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from lab.cli.readable import readable
from lab.engine import LogLine
from lab.instance import Instance
from lab.native import logview
from lab.native.logs import LogFile
from lab.native.logview import read
from lab.phases import Phase
from lab.tests.conftest import SERVER, MakeSystem, wait_for


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = Instance(Phase("x", "x", tmp_path, 8000), tmp_path / "state")
    made.make()
    return made


def texts(lines: Iterator[LogLine | None]) -> list[str]:
    return [line.text for line in lines if line is not None]


def test_each_line_has_its_time_however_the_output_is_cut(instance: Instance) -> None:
    log = LogFile(instance.log_file("a"))
    for chunk in (b"on", b"e\ntw", b"o\n", b"\n", b"three\nfour"):
        log.write(chunk)
    log.say("ended")
    assert texts(read(instance, ["a"], None, follow=False)) == [
        "one",
        "two",
        "",
        "three",
        "four",
        "-- ended",
    ]
    for line in instance.log_file("a").read_text().splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", line)


def test_a_log_never_takes_more_than_two_files_of_the_limit(instance: Instance) -> None:
    log = LogFile(instance.log_file("a"), limit=1000)
    for number in range(200):
        log.write(f"{number:03}\n".encode())
    files = sorted(instance.logs.iterdir())
    assert [file.name for file in files] == ["a.log", "a.log.1"]
    assert all(file.stat().st_size < 1100 for file in files)
    kept = texts(read(instance, ["a"], None, follow=False))
    assert kept == [f"{number:03}" for number in range(200 - len(kept), 200)]


def test_lines_of_several_services_come_in_the_order_of_time(instance: Instance) -> None:
    stamps = [f"2026-01-01T00:00:0{second}.000Z" for second in range(4)]
    for service, seconds in (("a", (0, 3)), ("b", (1, 2))):
        lines = [f"{stamps[second]} {service}{second}\n" for second in seconds]
        instance.log_file(service).write_text("".join(lines))
    assert texts(read(instance, ["a", "b"], None, follow=False)) == ["a0", "b1", "b2", "a3"]
    assert texts(read(instance, ["a", "b"], 1, follow=False)) == ["b2", "a3"]


def test_following_goes_on_through_rotation(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logview, "POLL", 0)
    log = LogFile(instance.log_file("a"), limit=300)
    followed = read(instance, ["a"], None, follow=True)
    seen: list[str] = []
    for number in range(50):
        log.write(f"{number}\n".encode())
        while (line := next(followed)) is not None:
            seen.append(line.text)
    assert seen == [str(number) for number in range(50)]


def test_a_services_log_goes_on_after_a_restart(make_system: MakeSystem) -> None:
    system = make_system(
        f"services:\n  app:\n{SERVER}    restart: always\n"
        '    environment: {BIND: "0.0.0.0:8000"}\n'
    )
    system.up()
    system.kill("app")
    wait_for(lambda: system.log("app").count("listening") == 2)
    assert system.log("app")[0] == "listening"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (
            '{"time":"2026-11-23T21:00:00.123456Z","event":"a.b","level":"info","n":1,"of":null}',
            "21:00:00.123 info    a.b n=1",
        ),
        (
            '{"event":"cache.off","reason":"went away","time":"x","level":"warning"}',
            ' warning cache.off reason="went away"',
        ),
        (
            '{"event":"x","exception":[{"type":"KeyError","message":"","frames":["a.py:1 f"]}]}',
            '         x\n    "a.py:1 f"\n  KeyError: ""',
        ),
        ('{"event":"a","x":"\\u001b[2J"}', '         a x="\\u001b[2J"'),
        ("plain text", "plain text"),
        ('{"no": "event"}', '{"no": "event"}'),
        ("{broken", "{broken"),
        ('{"event": 1}', '{"event": 1}'),
    ],
)
def test_a_line_of_json_is_shown_as_a_person_reads_it(written: str, shown: str) -> None:
    assert click.unstyle(readable(written)) == shown
