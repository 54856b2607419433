"""Runs git, as a rule deaf to the settings of the person and the machine: results are stable."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lab.errors import LabError

_SETTINGS = (
    ("advice.detachedHead", "false"),
    ("core.autocrlf", "false"),
    ("core.quotePath", "false"),
    ("gc.auto", "0"),
)
_SILENCE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


class GitError(LabError):
    """git refused; the message is git's own."""


class Git:
    """git in one directory; not deaf where the person's own rules are what is asked for."""

    def __init__(self, directory: Path, *, deaf: bool = True) -> None:
        self.directory = directory
        self._silence = _SILENCE if deaf else {}

    def __call__(
        self,
        *words: str | Path,
        stdin: bytes | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run git and return its output. Raises GitError."""
        settings = [part for name, value in _SETTINGS for part in ("-c", f"{name}={value}")]
        try:
            done = subprocess.run(
                ["git", *settings, *words],
                cwd=self.directory,
                env={**_environment(), **self._silence, **(environment or {})},
                input=stdin if stdin is not None else b"",
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise LabError(
                "the path's history needs git, and there is none on the PATH",
                "on Debian or Ubuntu: sudo apt-get install git",
            ) from None
        if done.returncode != 0:
            raise GitError(done.stderr.decode(errors="replace").strip() or f"git {words[0]} failed")
        return done.stdout

    def text(self, *words: str | Path) -> str:
        """Run git and return its output as text without the last line break."""
        return self(*words).decode().rstrip("\n")


def _environment() -> dict[str, str]:
    """Return the caller's environment without what steers git, as a hook's does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8", "LANGUAGE": "C"}


def records(output: bytes) -> list[str]:
    """Split what git separates by NUL; names that are not UTF-8 survive."""
    return output.decode(errors="surrogateescape").split("\0")[:-1]
