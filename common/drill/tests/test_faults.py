"""Each fault does to the real phase 0 what its name says, and ends."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from load.subject import throw_away

from drill.client import Unreachable
from drill.stage import Stage
from lab import phases
from lab.errors import LabError
from lab.native.engine import NativeEngine


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    engine = NativeEngine()
    with throw_away(engine, phases.find("0"), lambda _: None) as (instance, url):
        yield Stage(engine, instance, url)


@pytest.fixture
def stage(running: Stage) -> Stage:
    """A fresh stage on the same instance."""
    return Stage(running.engine, running.instance, running.url)


def processes(stage: Stage) -> list[psutil.Process]:
    """Return the processes of the chat, the main one first."""
    status = stage.engine.status(stage.instance)
    assert status is not None
    main = psutil.Process(status.services["chat"].pid)
    return [main, *main.children(recursive=True)]


def test_a_killed_service_is_another_process_afterwards(stage: Stage) -> None:
    before = processes(stage)
    stage.kill("chat")
    stage.until_ready()
    assert not any(process.is_running() for process in before)


def test_a_paused_service_answers_nobody_until_it_is_resumed(stage: Stage) -> None:
    before = processes(stage)
    with stage.paused("chat"):
        assert not stage.is_ready()
    assert stage.is_ready()
    assert processes(stage) == before


def test_code_beside_a_service_has_its_environment_and_runs_until_the_block_ends(
    stage: Stage, tmp_path: Path
) -> None:
    code = """
import os, pathlib, sys
print(flush=True)
sys.stdin.read()
pathlib.Path({file!r}).write_text(os.environ["CHAT_DATA_DIR"])
"""
    file = tmp_path / "ended"
    with stage.beside("chat", code.format(file=str(file))):
        assert not file.exists()
    assert file.read_text() == str(stage.instance.volumes / "data")


def test_code_beside_a_service_is_given_words_and_says_its_first_line(stage: Stage) -> None:
    code = "import sys; print(sys.argv[1:], flush=True); sys.stdin.read()"
    with stage.beside("chat", code, "one", "two words") as said:
        assert said == "['one', 'two words']"


def test_it_is_known_which_services_a_phase_has(stage: Stage) -> None:
    assert stage.has("chat")
    assert not stage.has("cache")


def test_steps_are_taken_until_the_block_ends(stage: Stage) -> None:
    taken = threading.Semaphore(0)
    with stage.meanwhile(taken.release, 0.001):
        assert all(taken.acquire(timeout=10) for _ in range(3))
    while taken.acquire(blocking=False):
        pass
    assert not taken.acquire(timeout=0.1)


def test_a_step_that_fails_is_an_error(stage: Stage) -> None:
    failed = threading.Event()

    def fail() -> None:
        failed.set()
        raise Unreachable

    with pytest.raises(Unreachable), stage.meanwhile(fail, 0.001):
        assert failed.wait(10)


def test_code_that_does_not_begin_is_an_error(stage: Stage) -> None:
    with pytest.raises(LabError, match="did not begin"), stage.beside("chat", "1 / 0"):
        pass


def test_a_restarted_service_is_another_process_afterwards(stage: Stage) -> None:
    before = processes(stage)
    stage.restart("chat")
    stage.until_ready()
    assert not any(process.is_running() for process in before)


def test_a_service_can_be_restarted_with_words_before_its_command(stage: Stage) -> None:
    def has_it() -> bool:
        stage.until_ready()
        return processes(stage)[0].environ().get("DRILLED") == "a b"

    stage.restart("chat", before=["env", "DRILLED=a b"])
    assert has_it()
    stage.restart("chat")
    assert has_it(), "until they are taken away"
    stage.kill("chat")
    assert has_it()
    stage.restart("chat", before=())
    assert not has_it()


def test_a_flood_is_counted_and_ends(stage: Stage) -> None:
    (person,) = stage.people(1)
    with stage.flood(person, 4, "/api/v1/profiles/me"):
        stage.wait(1)
    assert {number.name: number.value > 10 for number in stage.numbers} == {
        "answers to the flood": True
    }


def test_a_proxy_can_be_cut(stage: Stage) -> None:
    (person,) = stage.people(1)
    with stage.proxy() as proxy:
        visitor = person.elsewhere(proxy.url)
        assert visitor.call("GET", "/profiles/me")["id"] == person.id
        proxy.cut()
        with pytest.raises(Unreachable):
            visitor.call("GET", "/profiles/me")
        assert visitor.call("GET", "/profiles/me")["id"] == person.id
