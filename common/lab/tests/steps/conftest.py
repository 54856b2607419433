"""A tiny path of three phases and six steps, with everything that a patch can get wrong."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.steps.git import Git
from lab.steps.record import record
from lab.steps.route import Route, Trees
from lab.steps.store import Store, open_store

AUTH = """\
def token_of(header: str) -> str:
    scheme, token = header.split(" ")
    return token


def greet(name: str) -> str:
    return f"hello {name}"
"""
MESSAGES = "".join(f"message_{number} = {number}\n" for number in range(30))
CACHE = '''\
"""Keeps answers."""

import json
from collections.abc import Callable

from app.keys import Key, key_for


class Cache:
    """Holds answers by key."""

    limit: int = 3

    def __init__(self, size: int) -> None:
        self._kept: dict[Key, str] = {}

    def get(self, name: str, make: Callable[[], str]) -> str:
        """Return the kept answer, or make and keep it."""
        return self._kept.setdefault(key_for(name), json.dumps(make()))

    def _evict(self) -> None:
        self._kept.clear()


def _private() -> None:
    print("secret")


shared = Cache(3)
'''
KEYS = '''\
"""Keys of the cache."""

Key = tuple[str, int]
VERSION = 1


def key_for(name: str) -> Key:
    """Return the key of a name."""
    return (name, VERSION)
'''
TEST_CACHE = """\
from app.auth import forget
from app.cache import Cache


def test_keeps() -> None:
    assert Cache(1).get("a", lambda: "b") == '"b"'
    assert forget("a") == "forgotten a"
"""

Files = dict[str, str | bytes | None]

PHASE_0: Files = {
    "compose.yaml": "services: {}\n",
    "app/__init__.py": "",
    "app/auth.py": AUTH,
    "app/messages.py": MESSAGES,
    "run.sh*": "#!/bin/sh\necho run\n",
    "logo.bin": bytes(range(256)),
    "größe & zeichen.txt": "eins\nzwei\n",
    'say "hi".txt': "quoted\n",
    "no-end.txt": "no line break at the end",
    "link@": "run.sh",
    "crlf.txt": "one\r\ntwo\r\n",
    "tests/test_auth.py": "def test_nothing() -> None:\n    pass\n",
    "README.md": "the lesson of phase 0\n",
    "architecture.svg": "<svg/>\n",
}
STEPS: dict[str, Files] = {
    "1.1": {
        "app/cache.py": CACHE,
        "app/keys.py": KEYS,
        "app/auth.py": AUTH + '\n\ndef forget(name: str) -> str:\n    return f"forgotten {name}"\n',
        "logo.bin": bytes(range(255, -1, -1)),
        "tests/test_cache.py": TEST_CACHE,
        "notes/README.md": "not at the top, so it belongs to the steps\n",
    },
    "1.2": {
        "app/messages.py": None,
        "app/chat/__init__.py": "",
        "app/chat/messages.py": MESSAGES,
        "run.sh*": None,
        "run.sh": "#!/bin/sh\necho run\n",
        "größe & zeichen.txt": "eins\ndrei",
    },
    "1.3": {
        "app/chat/messages.py": MESSAGES.replace("message_29 = 29", "message_29 = 'last'"),
        "no-end.txt": "no line break at the end, still",
        "empty": "",
    },
    "2.1": {
        "gateway/tokens.py": '"""A copy."""\n\n\ndef parse(header: str) -> str:\n'
        '        scheme, token = header.split(" ")\n        return token\n',
        "crlf.txt": None,
        "README.md": "the lesson of phase 2\n",
    },
    "2.2": {"logo.bin": None, "art/logo.bin": bytes(range(256)) * 3, "link@": "compose.yaml"},
    "2.3": {
        'say "hi".txt': "quoted\nagain\n",
        "link@": None,
        "link": "no link any more\n",
        "empty": None,
    },
}
SECTION = """
## {name} Change number {name}

[{name}-change.patch]({name}-change.patch)

**Idea.** What step {name} is about.

Why it is done.
Two lines of it.

### Files by role

{first}- all else: `*`
"""
FIRST = "- tests first: `tests/`\n"
EXERCISE = """
### Read first

1. `app/cache.py` at `def get(`: the heart of it,
   on two lines

### Exercise

Keep what was asked for.

- given: `notes/`

### Hints

1. Think.
2. Think harder.
"""


def put(directory: Path, files: Files) -> None:
    """Write files; a name ends in * if executable, in @ if a symbolic link; None deletes."""
    for name, content in files.items():
        path = directory / name.rstrip("*@")
        if path.is_symlink() or (path.exists() and (content is None or name.endswith("@"))):
            path.unlink()
        if content is None:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("@"):
            path.symlink_to(str(content))
            continue
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o755 if name.endswith("*") else 0o644)


def describe(phase: Path, name: str, more: str = "") -> None:
    """Add a step's section to diffs/README.md."""
    file = phase / "diffs" / "README.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_text() if file.exists() else "# Steps\n"
    first = FIRST if name == "1.1" else ""
    file.write_text(before + SECTION.format(name=name, first=first) + more)


def build(root: Path) -> None:
    """Write the whole path below root, each step recorded as its author would."""
    put(root, {".gitignore": "__pycache__/\n.lab/\n", "common/web/index.html": "<html>\n"})
    put(root / "phase0-mvp", PHASE_0)
    for number, title in ((1, "foundation"), (2, "gateway")):
        phase = root / f"phase{number}-{title}"
        shutil.copytree(next(root.glob(f"phase{number - 1}-*")), phase, symlinks=True)
        shutil.rmtree(phase / "diffs", ignore_errors=True)
        put(phase, {"architecture.svg": f"<svg>{number}</svg>\n"})
        for step in (f"{number}.1", f"{number}.2", f"{number}.3"):
            put(phase, STEPS[step])
            describe(phase, step, EXERCISE if step == "1.1" else "")
            with open_store(root) as store:
                record(Trees(store, Route(root)), step)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("path")
    build(root)
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    """A checkout of one's own."""
    return Path(shutil.copytree(built, tmp_path / "checkout", symlinks=True))


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    with open_store(root) as opened:
        yield opened


def everything(root: Path) -> dict[str, tuple[int, bytes | str]]:
    """Return mode and content of each file below root, .lab apart."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if name.startswith(".lab") or (path.is_dir() and not path.is_symlink()):
            continue
        mode = path.lstat().st_mode
        found[name] = (mode, str(path.readlink()) if path.is_symlink() else path.read_bytes())
    return found


class Repository:
    """An exported history, used as a person uses it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.git = Git(directory)

    def log(self) -> list[str]:
        return self.git.text("log", "--reverse", "--format=%s", "main").split("\n")

    def amend(self, commit: str, files: Files) -> None:
        """Change files in an early commit and rebase all later ones onto it."""
        self.git("checkout", "--quiet", commit)
        was = self.git.text("rev-parse", "HEAD")
        put(self.directory, files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--amend", "--no-edit")
        self.git("rebase", "--quiet", "--onto", "HEAD", was, "main")
