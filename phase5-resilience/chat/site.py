"""The files that the gateway sends: laid out by their addresses, as they are and compressed.

`python -m chat.site WEB CONTRACT SITE` does it once, before the gateway starts. The client's files
get a directory named by what is in them: a browser need never ask whether they have changed.
"""

import gzip
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

PHASE = Path(__file__).resolve().parent.parent
CLIENT_FILES = {".html", ".js", ".css", ".svg", ".png", ".webmanifest", ".woff2"}
PAGES = ("index.html", "lesson.html")
DOCUMENTS = ("openapi.yaml", "asyncapi.yaml")
SCHEMAS = "events/schemas"
KEPT = 3
"""How many versions of the client stay: a page that is open may still ask for parts of its own."""


def of_the_client(name: str) -> bool:
    """Return whether this is a file of the browser client; its tests and notes stay at home."""
    path = Path(name)
    return path.suffix in CLIENT_FILES and "tests" not in path.parts


def lay_out(web: Path, contract: Path, phase: Path, site: Path) -> None:
    """Write everything below `site`: `plain` and `gzip` hold the same names."""
    client = {name: (web / name).read_bytes() for name in _below(web) if of_the_client(name)}
    content = hashlib.sha256(repr(sorted(client.items())).encode())
    version = f"/web/{content.hexdigest()[:12]}/"
    for name, data in client.items():
        named = data.replace(b'"/web/', f'"{version}'.encode()) if _names_others(name) else data
        _write(site, name if name in PAGES else version.lstrip("/") + name, named)
    for name in _below(contract / "docs"):
        _write(site, f"api/docs/{name}", (contract / "docs" / name).read_bytes())
    for name in DOCUMENTS:
        _write(site, f"api/{name}", (contract / name).read_bytes())
    schemas = [json.loads(file.read_bytes()) for file in sorted((phase / SCHEMAS).glob("*.json"))]
    _write(site, "api/schemas.json", json.dumps(schemas).encode())
    _write(site, "lesson.md", (phase / "README.md").read_bytes())
    _write(site, "architecture.svg", (phase / "architecture.svg").read_bytes())
    _forget(site)


def _below(directory: Path) -> Iterator[str]:
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(directory))


def _names_others(name: str) -> bool:
    """Return whether a file of the client names others from the root; modules do it relatively."""
    return Path(name).suffix in (".html", ".webmanifest")


def _write(site: Path, name: str, data: bytes) -> None:
    """Write both forms, each at once: the gateway may be sending the one before."""
    for form, content in (("plain", data), ("gzip", gzip.compress(data, mtime=0))):
        target = site / form / name
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        target.with_suffix(".new").write_bytes(content)
        target.with_suffix(".new").chmod(0o644)
        # nginx makes ETags of time and size. A time made of the content gives every gateway the
        # same one, and another one to every change.
        moment = int.from_bytes(hashlib.sha256(content).digest()[:4])
        os.utime(target.with_suffix(".new"), (moment, moment))
        target.with_suffix(".new").replace(target)


def _forget(site: Path) -> None:
    """Remove all but the newest versions of the client."""
    for form in ("plain", "gzip"):
        versions = sorted((site / form / "web").iterdir(), key=lambda one: one.stat().st_ctime)
        for old in versions[:-KEPT]:
            shutil.rmtree(old)


if __name__ == "__main__":
    web, contract, site = map(Path, sys.argv[1:])
    lay_out(web, contract, PHASE, site)
