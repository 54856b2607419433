"""One-off commands in a service's environment: what seed, export and import stand on."""

import io
import tempfile
from pathlib import Path
from typing import IO

import pytest

from lab.errors import UsageError
from lab.tests.conftest import MakeSystem, System, answer
from lab.tests.test_lifecycle import ONE

UPPER = "import sys; sys.stdout.write(sys.stdin.read().upper())"
SHOW = "import os; print(os.environ['DATA'], os.getcwd(), 'LAB_INSTANCE' in os.environ)"


def output(system: System, code: str, given: bytes = b"") -> str:
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout:
        stdin.write(given)
        stdin.seek(0)
        assert run(system, code, stdin, stdout) == 0
        stdout.seek(0)
        return stdout.read().decode()


def run(system: System, code: str, stdin: IO[bytes] | None, stdout: IO[bytes] | None) -> int:
    return system.engine.run(system.instance, "app", ["python", "-c", code], stdin, stdout)


@pytest.mark.parametrize("running", [True, False])
def test_a_command_runs_where_the_service_does(make_system: MakeSystem, *, running: bool) -> None:
    system = make_system(ONE)
    if running:
        assert answer(system.up().address or "")["env"]["DATA"]
    data, cwd, mark = output(system, SHOW).split()
    assert Path(data) == system.instance.volumes / "data" / "file"
    assert Path(cwd) == system.instance.phase.directory
    assert mark == "False"  # it is no part of the instance: a clean-up must not end it


def test_it_streams_from_stdin_to_stdout(make_system: MakeSystem) -> None:
    assert output(make_system(ONE), UPPER, b"many words") == "MANY WORDS"


def test_its_exit_code_is_returned(make_system: MakeSystem) -> None:
    assert run(make_system(ONE), "raise SystemExit(7)", None, None) == 7


def test_an_unknown_service_is_named_beside_those_there_are(make_system: MakeSystem) -> None:
    system = make_system(ONE)
    with pytest.raises(UsageError, match="no service 'ghost'") as refused:
        system.engine.run(system.instance, "ghost", ["true"], None, io.BytesIO())
    assert refused.value.hint == "it has: app"
