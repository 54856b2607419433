"""What `.ci/tested.json` says: the commit at which each part passed last, and what was unsteady."""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

RECORD = Path(".ci") / "tested.json"


@dataclass(frozen=True)
class Record:
    """tested: by part, the full hash of the commit at which it passed last, whole.

    seconds: how long each part took when it last ran. unsteady: node ids, until somebody
    has mended the test and takes its line out.
    """

    tested: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    unsteady: Sequence[str] = ()

    def after(
        self,
        commit: str,
        passed: Iterable[str],
        seconds: Mapping[str, float],
        unsteady: Iterable[str],
    ) -> "Record":
        """Return the record after a run in which these parts passed."""
        took = {name: round(value) for name, value in seconds.items()}
        names = sorted({*self.unsteady, *unsteady})
        return replace(
            self,
            tested=dict(sorted({**self.tested, **dict.fromkeys(passed, commit)}.items())),
            seconds=dict(sorted({**self.seconds, **took}.items())),
            unsteady=names,
        )

    def write(self, root: Path) -> None:
        """Write it into a checkout, for somebody to commit."""
        (root / RECORD).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, root: Path) -> "Record":
        """Return a checkout's record."""
        try:
            text = (root / RECORD).read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls()
        return cls(**json.loads(text))


class Changes:
    """What has changed in a clean checkout since the commits of its record."""

    def __init__(self, root: Path, record: Record) -> None:
        self._root, self._tested = root, record.tested

    def head(self) -> str:
        """Return the hash of the commit that is checked out."""
        return self._git("rev-parse", "HEAD").stdout.strip()

    def reason(self, part: str, stands_on: Sequence[str]) -> str | None:
        """Say why a part that stands on these pathspecs must run; None if nothing changed.

        A commit that is not here (a shallow clone, a rebase) says nothing, so all may have changed.
        """
        commit = self._tested.get(part)
        if not commit:
            return "not recorded as tested"
        if self._git("cat-file", "-e", f"{commit}^{{commit}}").returncode:
            return f"the recorded commit {commit[:12]} is not here"
        done = self._git("diff", "--name-only", commit, "HEAD", "--", *stands_on)
        if done.returncode:
            return f"git cannot compare with {commit[:12]}"
        changed = done.stdout.splitlines()
        if not changed:
            return None
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return f"changed: {changed[0]}{more}"

    def _git(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = ["git", "-C", str(self._root), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)
