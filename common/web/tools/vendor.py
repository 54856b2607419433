"""Bring the client's libraries into vendor/, or check that they are the ones pinned.

    python common/web/tools/vendor.py            fetch what vendor/manifest.json names, with npm
    python common/web/tools/vendor.py --check    compare the files with the manifest's checksums

A library is taken as its maker published it, except that bare imports ("preact") become paths
to the vendored file and pointers to source maps are dropped: a browser without a build step
resolves neither, and an import map would have to be inline, which the page's policy forbids.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parent.parent / "vendor"
MANIFEST = VENDOR / "manifest.json"
IMPORTS = {
    "preact": "./preact.js",
    "preact/hooks": "./preact-hooks.js",
    "@preact/signals-core": "./signals-core.js",
}


def main() -> int:
    """Fetch or check; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="only compare checksums")
    manifest = json.loads(MANIFEST.read_text())
    if parser.parse_args().check:
        return check(manifest["files"])
    with tempfile.TemporaryDirectory() as scratch:
        for entry in manifest["files"]:
            entry["sha256"] = fetch(entry, Path(scratch))
            print(f"{entry['package']} {entry['version']} -> vendor/{entry['file']}")
    MANIFEST.write_text(dump(manifest))
    return 0


def check(files: list[dict[str, str]]) -> int:
    """Compare every file with its checksum; print and count those that differ."""
    wrong = [f["file"] for f in files if digest(VENDOR / f["file"]) != f.get("sha256")]
    for name in wrong:
        print(f"vendor/{name} is not the pinned file; run tools/vendor.py to fetch it again")
    return 1 if wrong else 0


def fetch(entry: dict[str, str], scratch: Path) -> str:
    """Unpack one file and its licence from the package; return the written file's SHA-256."""
    spec = f"{entry['package']}@{entry['version']}"
    command = ["npm", "pack", "--silent", "--pack-destination", str(scratch), spec]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
    with tarfile.open(scratch / name) as package:
        target = VENDOR / entry["file"]
        target.write_text(browser_ready(member(package, entry["source"])))
        licence = entry["package"].replace("@", "").replace("/", "-")
        (VENDOR / "licenses" / f"{licence}.txt").write_text(member(package, "LICENSE"))
    return digest(target)


def member(package: tarfile.TarFile, path: str) -> str:
    """Read one text file of an npm package."""
    content = package.extractfile(f"package/{path}")
    if content is None:
        raise FileNotFoundError(path)
    return content.read().decode()


def browser_ready(code: str) -> str:
    """Turn bare imports into paths and drop pointers to source maps."""
    for bare, path in IMPORTS.items():
        code = re.sub(rf'from\s*"{re.escape(bare)}"', f'from"{path}"', code)
    return re.sub(r"\n//# sourceMappingURL=\S+\s*$", "\n", code)


def digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def dump(manifest: dict[str, Any]) -> str:
    """Write the manifest with one library a line, so that a diff shows what changed."""
    lines = ",\n".join(f"    {json.dumps(entry)}" for entry in manifest["files"])
    about = json.dumps(manifest["about"])
    return f'{{\n  "about": {about},\n  "files": [\n{lines}\n  ]\n}}\n'


if __name__ == "__main__":
    sys.exit(main())
