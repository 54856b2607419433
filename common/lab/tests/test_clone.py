"""A clone made with core.autocrlf=true, the default of Git for Windows, has the bytes committed."""

import shutil
import subprocess
from pathlib import Path

from lab.paths import ROOT

PATCH = "phase1-foundation/diffs/1.1-redis-cache.patch"
FILES = ["lab", PATCH, "common/web/vendor/preact.js", "docs/images/chat-phone.png"]
FILES += ["phase0-mvp/Dockerfile", "requirements.lock"]


def clone(place: Path, files: list[str]) -> dict[str, bytes]:
    """Commit copies of the files, clone them with the setting, return what is in the clone."""
    origin = place / "origin"
    for name in files:
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, origin / name)
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false"]
    commands: list[list[str | Path]] = [
        ["init", "--quiet", origin],
        ["-C", origin, "add", "--all"],
        [*who, "-C", origin, "commit", "--quiet", "-m", "all"],
        ["clone", "--quiet", "-c", "core.autocrlf=true", origin, place / "clone"],
    ]
    for words in commands:
        subprocess.run(["git", *words], check=True)
    return {name: (place / "clone" / name).read_bytes() for name in files}


def test_every_byte_of_a_clone_is_the_one_committed(tmp_path: Path) -> None:
    found = clone(tmp_path, [".gitattributes", *FILES])
    assert [name for name in FILES if found[name] != (ROOT / name).read_bytes()] == []


def test_without_the_attributes_it_would_not_be(tmp_path: Path) -> None:
    assert clone(tmp_path, FILES)["lab"].startswith(b"#!/bin/sh\r\n")
