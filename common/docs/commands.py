"""The commands in a document: what is typed, what should come, and whether it does."""

import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from docs import tree
from docs.markdown import Block, Document
from docs.output import difference
from docs.shell import Shell
from lab.native.ports import PortChooser

SHELL_LANGUAGES = ("console", "sh", "bash", "shell")
WITHIN = 60.0  # seconds for one command
_PREFIX = "lab-docs-"
_FIRST_PORT = 8000
_PORT_NOTE = re.compile(r"^Port \d+ is taken, .*\n", re.MULTILINE)  # nobody has taken it: we moved


class Mismatch(Exception):
    """A document shows what does not happen."""


class Interrupted(Exception):
    """An earlier block of the document failed, so the ones after it say nothing."""


class BadTreatment(Exception):
    """A comment above a block says what is not understood."""


@dataclass(frozen=True)
class Command:
    """What is typed, and the output shown below it, which may be empty."""

    typed: str
    shown: str


@dataclass(frozen=True)
class Run:
    """How a block is run; `code` is the exit code of its last command, others must end in 0."""

    numbers_vary: bool = False
    interrupt: bool = False
    code: int = 0


def blocks(file: Path) -> list[Block]:
    """Return the blocks of a document that hold commands."""
    return [block for block in Document(file).blocks if block.language in SHELL_LANGUAGES]


def reason_not_to_run(block: Block) -> str | None:
    """Return why a block is not run; None if it is."""
    if block.treatment is None or block.treatment.verb != "not run":
        return None
    return block.treatment.words


def how_to_run(block: Block) -> Run:
    """Return the treatment of a block that is run. Raises BadTreatment."""
    if block.treatment is None:
        return Run()
    if block.treatment.verb != "run":
        raise BadTreatment(f"'{block.treatment.verb}:' is no treatment of commands")
    run = Run()
    for words in block.treatment.words.split(","):
        match words.split():
            case ["numbers", "vary"]:
                run = replace(run, numbers_vary=True)
            case ["interrupt"]:
                run = replace(run, interrupt=True)
            case ["exit", code] if code.isdecimal():
                run = replace(run, code=int(code))
            case _:
                raise BadTreatment(f"'run: {words.strip()}' is not understood")
    return run


def commands(block: Block) -> list[Command]:
    """Take a block apart: `$ ` begins a command, `> ` or a backslash before it continues one.

    Raises BadTreatment for output before the first command.
    """
    if block.language != "console":
        return [Command(block.text, "")]
    found: list[tuple[list[str], list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
        elif not found:
            raise BadTreatment("a console block begins with a command: '$ …'")
        elif not found[-1][1] and (line.startswith("> ") or found[-1][0][-1].endswith("\\")):
            found[-1][0].append(line.removeprefix("> "))
        else:
            found[-1][1].append(line)
    return [Command("\n".join(typed), "\n".join(shown)) for typed, shown in found]


class Session:
    """A clean copy of the tree in which one document's blocks are run in order, each once.

    Phase 0's address in the document is replaced by a free one, so that nothing that the
    person runs is touched.
    """

    def __init__(self, file: Path) -> None:
        self._blocks = blocks(file)
        self._done = 0
        self._failed = False
        self._directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")).resolve()
        tree.copy(self._directory)
        self._port = PortChooser().any()
        self._shell = Shell(self._directory, _environment(self._port))

    def run(self, block: Block) -> None:
        """Run the blocks up to this one that have not been run.

        Raises Mismatch, naming the line; Interrupted for the blocks after it.
        """
        last = self._blocks.index(block) + 1
        while self._done < last:
            if self._failed:
                raise Interrupted
            current = self._blocks[self._done]
            self._done += 1
            if reason_not_to_run(current) is None:
                self._run(current)

    def close(self) -> None:
        """Stop what the document has started and remove the copy."""
        self._shell.close()
        _remove(self._directory)

    def _run(self, block: Block) -> None:
        try:
            how = how_to_run(block)
            parts = commands(block)
            for number, command in enumerate(parts, start=1):
                code = how.code if number == len(parts) else 0
                self._check(command, how, code)
        except (Mismatch, BadTreatment, TimeoutError) as error:
            self._failed = True
            raise Mismatch(f"{block.file.name}:{block.line}: {error}") from error

    def _check(self, command: Command, how: Run, code: int) -> None:
        typed = command.typed.replace(f"127.0.0.1:{_FIRST_PORT}", f"127.0.0.1:{self._port}")

        def differs(output: str) -> str | None:
            here = output.replace(f"127.0.0.1:{self._port}", f"127.0.0.1:{_FIRST_PORT}")
            here = _PORT_NOTE.sub("", here)
            return difference(command.shown, here, numbers_vary=how.numbers_vary)

        if how.interrupt:
            self._interrupt(command, typed, differs)
            return
        result = self._shell.run(typed, WITHIN)
        if result.code != code:
            raise Mismatch(
                f"$ {command.typed}\nended with exit code {result.code} instead of {code}; "
                f"it wrote:\n{result.output}"
            )
        if command.shown.strip() and (found := differs(result.output)) is not None:
            raise Mismatch(f"$ {command.typed}\n{found}")

    def _interrupt(
        self, command: Command, typed: str, differs: Callable[[str], str | None]
    ) -> None:
        """Press Ctrl-C once the output is as shown; a command that ends before that is wrong."""
        found: str | None = None

        def is_as_shown(output: str) -> bool:
            nonlocal found
            found = differs(output)
            return found is None

        self._shell.run(typed, WITHIN, is_as_shown)
        if found is not None:
            raise Mismatch(f"$ {command.typed}\nended by itself\n{found}")


def sweep() -> None:
    """Remove what runs that were killed have left."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = directory.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            _remove(directory)


def _remove(directory: Path) -> None:
    """Stop what runs in a copy of the tree, then delete it."""
    shell = Shell(directory, _environment(_FIRST_PORT))
    try:
        shell.run("./lab down", WITHIN)
    finally:
        shell.close()
        shutil.rmtree(directory, ignore_errors=True)


def _environment(port: int) -> dict[str, str]:
    """Return a newcomer's environment: nothing of the checkout that runs the tests, no Docker.

    Containers would not be apart from those that the person runs.
    """
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    own = str(tree.VENV / "bin")
    search = [part for part in os.environ["PATH"].split(os.pathsep) if part != own]
    return kept | {
        "PATH": os.pathsep.join(search),
        "TERM": "dumb",
        "CHAT_PORT": str(port),
        "DOCKER_HOST": "unix:///nobody-listens-here",
    }
