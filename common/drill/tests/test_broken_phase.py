"""A copy of phase 0 that acknowledges before it commits is caught; phase 0 itself is not."""

import os
import shutil
from pathlib import Path

import pytest

from drill.definition import Drill
from drill.history import Fault
from drill.runner import run
from drill.stage import Stage
from lab import phases
from lab.native.engine import NativeEngine
from lab.paths import ROOT
from lab.phases import Phase

BROKEN = '''
"""Sends are acknowledged at once and committed a moment later."""

import threading
from contextlib import contextmanager

from chassis.database import Database
from chat.app import create_app as sound_app
from chat.messages.service import MessageService

COMMITTED_AFTER = 0.4
sound_write, sound_send = Database.write_in_any_mode, MessageService.send
late = threading.local()
lock = threading.RLock()
waiting = []


def commit():
    with lock:
        while waiting:
            connection, transaction = waiting.pop()
            transaction.commit()
            connection.close()


@contextmanager
def write(self):
    with lock:
        if not getattr(late, "now", False):
            commit()
            with sound_write(self) as connection:
                yield connection
            return
        if not waiting:
            connection = self._engine.connect()
            waiting.append((connection, connection.begin()))
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            threading.Timer(COMMITTED_AFTER, commit).start()
        yield waiting[0][0]


def send(self, *arguments):
    late.now = True
    try:
        return sound_send(self, *arguments)
    finally:
        late.now = False


def create_app():
    Database.write_in_any_mode, MessageService.send = write, send
    return sound_app()
'''
SOUND_COMMAND = "chat.app:create_app()"


def _kill_twice(stage: Stage) -> None:
    with stage.load(rate=60):
        for _ in range(2):
            stage.wait(1.5)
            stage.kill("chat")
            stage.until_ready()
        stage.wait(0.5)


DRILL = Drill("killed-twice", "Is anything lost?", _kill_twice, sends=100)


@pytest.fixture
def broken(tmp_path: Path) -> Phase:
    """A phase whose application is wrapped so that it promises too early."""
    copy = tmp_path / f"broken-{os.getpid()}"
    original = phases.find("0").directory
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("data", "__pycache__"))
    (tmp_path / "common").symlink_to(ROOT / "common")
    (copy / "broken.py").write_text(BROKEN)
    compose = copy / "compose.yaml"
    text = compose.read_text()
    assert SOUND_COMMAND in text
    compose.write_text(text.replace(SOUND_COMMAND, "broken:create_app()"))
    return phases.find(str(copy))


def _outcome_on(phase: Phase) -> set[Fault]:
    outcome = run(DRILL, NativeEngine(), phase, lambda _: None, lambda _: None)
    acknowledged = next(one for one in outcome.numbers if one.name == "messages acknowledged")
    assert acknowledged.value > 20
    return {finding.fault for finding in outcome.findings}


def test_promising_before_committing_is_caught(broken: Phase) -> None:
    assert Fault.LOST in _outcome_on(broken)


def test_phase_0_keeps_its_promises() -> None:
    assert _outcome_on(phases.find("0")) == set()
