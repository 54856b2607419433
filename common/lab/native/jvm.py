"""What adapters of servers that run in a Java VM have in common."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from lab.native.adapters.adapter import Server, ask
from lab.native.maven import Artifact, jar

PACKAGE = "default-jre-headless"
JAVA = "java"
_INSTALLED = Path("/usr/lib/jvm")
_VERSION = re.compile(r'version "(?P<major>\d+)(?:\.(?P<minor>\d+))?[^"]*"')


@runtime_checkable
class WithJars(Protocol):
    """An adapter whose server consists of jars; they are fetched before its first start."""

    artifacts: Sequence[Artifact]


def jvm_server(product: str, version: str, oldest: int) -> Server | None:
    """Return a server whose one program is Java, None without a Java as new as `oldest`."""
    java = find_java(oldest)
    return Server(product, version, {JAVA: java}) if java else None


def class_path(artifacts: Sequence[Artifact]) -> str:
    """Return what follows `java -cp`."""
    return os.pathsep.join(str(jar(artifact)) for artifact in artifacts)


def find_java(oldest: int) -> Path | None:
    """Look where JAVA_HOME says, on the PATH, and where Debian puts them."""
    for java in _candidates():
        if (_major(java) or 0) >= oldest:
            return java
    return None


def _candidates() -> Iterator[Path]:
    home, found = os.environ.get("JAVA_HOME"), shutil.which(JAVA)
    if home and (java := Path(home) / "bin" / JAVA).is_file():
        yield java
    if found is not None:
        yield Path(found)
    yield from sorted(_INSTALLED.glob(f"*/bin/{JAVA}"), reverse=True)


def _major(java: Path) -> int | None:
    """Return 17 for 17.0.15 and 8 for 1.8.0; every Java since 1.0 says it on stderr."""
    done = ask(java, "-version")
    found = _VERSION.search(done.stderr) if done else None
    if found is None:
        return None
    return int(found["minor"] or 1) if found["major"] == "1" else int(found["major"])
