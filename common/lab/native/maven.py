"""Jars of servers that run in a Java VM: fetched once from Maven Central, kept below .lab/.

A jar is under its name in the cache only if it is whole and has the pinned checksum. It is looked
for in Maven's own repository, then fetched from Maven Central or the mirror that
~/.m2/settings.xml names, then by `mvn`, which knows about credentials.
"""

import hashlib
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as ET

from lab.bootstrap import say, step
from lab.errors import LabError
from lab.paths import STATE

CENTRAL = "https://repo.maven.apache.org/maven2"
CACHE = STATE / "cache" / "maven"
HOME = Path.home() / ".m2"
_ANSWERS = 60.0  # seconds between two pieces of a download
_PIECE = 2**20


@dataclass(frozen=True)
class Artifact:
    """One file of Maven Central and its SHA-256."""

    group: str
    name: str
    version: str
    sha256: str
    classifier: str = ""

    @property
    def file_name(self) -> str:
        """What it is called."""
        tail = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{tail}.jar"

    @property
    def path(self) -> str:
        """Where it lies in a repository."""
        return f"{self.group.replace('.', '/')}/{self.name}/{self.version}/{self.file_name}"

    @property
    def coordinates(self) -> str:
        """What `mvn` calls it."""
        tail = f":jar:{self.classifier}" if self.classifier else ""
        return f"{self.group}:{self.name}:{self.version}{tail}"


def jar(artifact: Artifact) -> Path:
    """Return where an artifact lies once it has been fetched."""
    return CACHE / artifact.path


def missing(artifacts: Iterable[Artifact]) -> list[Artifact]:
    """Return those that have not been fetched yet."""
    return [one for one in artifacts if not jar(one).is_file()]


def fetch(product: str, artifacts: Iterable[Artifact]) -> None:
    """Get what is missing, after saying so. Raises LabError."""
    wanted = missing(artifacts)
    if not wanted:
        return
    files = "1 file" if len(wanted) == 1 else f"{len(wanted)} files"
    say(f"{product} needs {files} of Maven Central, kept in {CACHE} from now on.")
    for artifact in wanted:
        with step(artifact.file_name):
            _fetch(artifact)


def _fetch(artifact: Artifact) -> None:
    problems = []
    for source in (_from_maven, _from_repository, _by_maven):
        try:
            with source(artifact) as file:
                _keep(artifact, file)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            problems.append(str(error))
        else:
            return
    raise LabError(
        f"{artifact.file_name} cannot be fetched from Maven Central: {problems[1]}",
        f"check the network (HTTPS_PROXY, ~/.m2/settings.xml), or put it at {jar(artifact)}",
    )


def _keep(artifact: Artifact, source: IO[bytes]) -> None:
    """Copy it into the cache; it gets its name when it is whole. Raises ValueError, OSError."""
    target = jar(artifact)
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        part = Path(file.name)
        try:
            while piece := source.read(_PIECE):
                digest.update(piece)
                file.write(piece)
            if digest.hexdigest() != artifact.sha256:
                raise ValueError(
                    f"its SHA-256 is {digest.hexdigest()}, but {artifact.sha256} is expected"
                )
            file.flush()
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _from_maven(artifact: Artifact) -> Iterator[IO[bytes]]:
    with (_local_repository() / artifact.path).open("rb") as file:
        yield file


@contextmanager
def _from_repository(artifact: Artifact) -> Iterator[IO[bytes]]:
    url = f"{_mirror() or CENTRAL}/{artifact.path}"
    with urllib.request.urlopen(url, timeout=_ANSWERS) as answer:  # noqa: S310 - Central or a set mirror
        yield answer


@contextmanager
def _by_maven(artifact: Artifact) -> Iterator[IO[bytes]]:
    mvn = shutil.which("mvn")
    if mvn is None:
        raise FileNotFoundError("there is no mvn either")
    words = ["--batch-mode", "--quiet", "dependency:get", "-Dtransitive=false"]
    words.append(f"-Dartifact={artifact.coordinates}")
    subprocess.run([mvn, *words], check=True, capture_output=True)
    with _from_maven(artifact) as file:
        yield file


def _mirror() -> str | None:
    """Return the address that settings.xml puts in the place of Maven Central."""
    for mirror in _settings("mirror"):
        of = (mirror.findtext("{*}mirrorOf") or "").replace(" ", "").split(",")
        url = mirror.findtext("{*}url")
        if url and {"*", "external:*", "central"} & {*of} and "!central" not in of:
            return url.rstrip("/")
    return None


def _local_repository() -> Path:
    for found in _settings("localRepository"):
        if found.text:
            return Path(found.text.strip().replace("${user.home}", str(Path.home())))
    return HOME / "repository"


def _settings(name: str) -> Sequence[ET.Element]:
    try:
        tree = ET.parse(HOME / "settings.xml")  # noqa: S314 - the person's own file
    except (OSError, ET.ParseError):
        return []
    return tree.findall(f".//{{*}}{name}")
