"""Trees of files as git objects, in a throw-away store: made, compared, written out again."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from lab.errors import LabError
from lab.steps.checkout import Checkout, refuse
from lab.steps.git import Git, records

# What lies in a phase's directory and is no part of its steps; only at its top.
OWN_FILES = ("README.md", "diffs", "architecture.*")
PLAIN = "100644"
EXECUTABLE = "100755"
SYMLINK = "120000"
SUBMODULE = "160000"
ABSENT = "000000"
NOTHING = "0" * 40


@dataclass(frozen=True)
class Entry:
    """One file of a tree: git's mode (six octal digits) and the id of its content."""

    mode: str
    blob: str


@dataclass(frozen=True)
class Change:
    """A path whose entry differs between two trees; None where the path is absent."""

    path: str
    old: Entry | None
    new: Entry | None


class Store:
    """Holds trees by their git id: equal ids mean equal names, modes and bytes."""

    def __init__(self, directory: Path, checkout: Checkout) -> None:
        self.git = Git(directory)
        self.checkout = checkout
        self._indexes = 0
        self.git("init", "--quiet", "--bare", "--template=", ".")

    def _index(self, tree: str | None = None) -> dict[str, str]:
        """Return the environment that selects a new index, empty or filled from a tree."""
        self._indexes += 1
        environment = {"GIT_INDEX_FILE": str(self.git.directory / f"index-{self._indexes}")}
        if tree is not None:
            self.git("read-tree", tree, environment=environment)
        return environment

    def _over(self, directory: Path) -> list[str]:
        """Return the words that make git take a directory of files for its work tree."""
        where = ["--git-dir", str(self.git.directory), "--work-tree", str(directory)]
        return ["-c", "core.bare=false", *where]

    def empty(self) -> str:
        """Return the tree without files."""
        return self.git("hash-object", "-w", "-t", "tree", "--stdin").decode().strip()

    def snapshot(self, directory: Path) -> str:
        """Return the tree of a phase's directory, without ignored files and OWN_FILES.

        Raises LabError for a file that git neither tracks nor ignores: it may be a new part of
        the path, or a stray one with a secret in it.
        """
        untracked = [path for path in self.checkout.untracked(directory) if not is_own(path)]
        refuse(directory, untracked)
        tracked = self.checkout.tracked(directory)
        paths = self.listing(directory) if tracked is None else tracked
        present = [path for path in paths if not is_own(path) and _is_file(directory / path)]
        names = "".join(f"{path}\0" for path in present).encode(errors="surrogateescape")
        index = self._index()
        words = [*self._over(directory), "update-index", "-z", "--add", "--stdin"]
        Git(directory)(*words, stdin=names, environment=index)
        return self.git("write-tree", environment=index).decode().strip()

    def listing(self, directory: Path) -> list[str]:
        """Return the paths of every file below a directory that no rule of git ignores."""
        rules = [f"--exclude-from={file}" for file in self.checkout.rules()]
        words = [*self._over(directory), "ls-files", "-z", "--others", "--exclude-standard", *rules]
        return records(Git(directory, deaf=False)(*words, environment=self._index()))

    def files(self, tree: str) -> dict[str, Entry]:
        """Return a tree's files by path."""
        found = {}
        for line in records(self.git("ls-tree", "-r", "-z", tree)):
            meta, path = line.split("\t", 1)
            mode, _, blob = meta.split(" ")
            found[path] = Entry(mode, blob)
        return found

    def changes(self, old: str, new: str) -> list[Change]:
        """Return every path at which two trees differ, in order of path."""
        output = records(self.git("diff-tree", "-r", "-z", "--no-renames", old, new))
        found = []
        for meta, path in zip(output[::2], output[1::2], strict=True):
            old_mode, new_mode, old_blob, new_blob, _ = meta.removeprefix(":").split(" ")
            found.append(Change(path, _entry(old_mode, old_blob), _entry(new_mode, new_blob)))
        return found

    def contents(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Return the bytes of several blobs at once, by id."""
        wanted = list(dict.fromkeys(blobs))
        output = self.git(
            "cat-file", "--batch", stdin="".join(f"{id_}\n" for id_ in wanted).encode()
        )
        found, at = {}, 0
        for id_ in wanted:
            end = output.index(b"\n", at)
            size = int(output[at:end].split(b" ")[2])
            found[id_] = output[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return found

    def content(self, blob: str) -> bytes:
        """Return one blob's bytes."""
        return self.contents([blob])[blob]

    def apply(self, tree: str, patch: bytes) -> str:
        """Return the tree that a patch makes of a tree. Raises GitError.

        That git is content says little: it skips a binary change whose index line is gone.
        Compare the tree with the one expected.
        """
        index = self._index(tree)
        if patch.strip():
            self.git("apply", "--cached", "--whitespace=nowarn", stdin=patch, environment=index)
        return self.git("write-tree", environment=index).decode().strip()

    def combine(self, base: str, source: str, paths: Iterable[str]) -> str:
        """Return base with these paths as they are in source: added, replaced or removed."""
        files = self.files(source)
        return self._with(base, {path: files.get(path) for path in paths})

    def put(self, tree: str, path: str, content: bytes) -> str:
        """Return a tree with a plain file added, or the content of one replaced."""
        blob = self.git("hash-object", "-w", "--stdin", stdin=content).decode().strip()
        old = self.files(tree).get(path)
        return self._with(tree, {path: Entry(old.mode if old else PLAIN, blob)})

    def _with(self, tree: str, entries: Mapping[str, Entry | None]) -> str:
        lines = [
            f"{entry.mode if entry else ABSENT} {entry.blob if entry else NOTHING}\t{path}\0"
            for path, entry in entries.items()
        ]
        text = "".join(lines).encode(errors="surrogateescape")
        index = self._index(tree)
        self.git("update-index", "-z", "--index-info", stdin=text, environment=index)
        return self.git("write-tree", environment=index).decode().strip()

    def write_out(self, tree: str, directory: Path) -> list[str]:
        """Make a directory hold a tree; returns the paths that it changed, in order.

        Ignored files and OWN_FILES in it stay as they are.
        """
        directory.mkdir(parents=True, exist_ok=True)
        changes = self.changes(self.snapshot(directory), tree)
        for change in changes:
            if change.new is None:
                _remove(directory, change.path)
        added = [(change.path, change.new) for change in changes if change.new is not None]
        contents = self.contents(entry.blob for _, entry in added)
        for path, entry in added:
            _write(directory / path, entry.mode, contents[entry.blob])
        return [change.path for change in changes]


@contextlib.contextmanager
def open_store(root: Path) -> Iterator[Store]:
    """Open a store for the checkout at root; it lies under root's .lab/ and is gone afterwards."""
    state = root / ".lab"
    state.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="store-", dir=state) as directory:
        yield Store(Path(directory), Checkout(root))


def is_own(path: str) -> bool:
    """Tell whether a path in a phase's directory is one of OWN_FILES."""
    return any(fnmatchcase(path.split("/", 1)[0], name) for name in OWN_FILES)


def _is_file(path: Path) -> bool:
    return path.is_symlink() or path.is_file()


def _entry(mode: str, blob: str) -> Entry | None:
    return None if mode == ABSENT else Entry(mode, blob)


def _remove(directory: Path, path: str) -> None:
    """Delete a file, and directories that hold nothing else any more but Python's cache."""
    (directory / path).unlink()
    for parent in (directory / path).parents:
        if parent == directory or any(child.name != "__pycache__" for child in parent.iterdir()):
            return
        shutil.rmtree(parent)


def _write(path: Path, mode: str, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or (mode == SYMLINK and path.exists()):
        path.unlink()
    if mode == SYMLINK:
        path.symlink_to(content.decode())
        return
    if path.is_dir():
        raise LabError(f"{path} is a directory, and a file is to be written there", "move it away")
    path.write_bytes(content)
    executable = 0o111 if mode == EXECUTABLE else 0
    path.chmod(path.stat().st_mode & 0o666 | executable)
