"""requirements.lock and the files that it is made from."""

import re
from pathlib import Path

from lab.paths import ROOT

LOCK = ROOT / "requirements.lock"
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)


def sources() -> list[Path]:
    """Return what goes into the lock."""
    return [ROOT / "common" / "requirements.in", *sorted(ROOT.glob("phase*/requirements.txt"))]


def pins(file: Path) -> dict[str, str]:
    """Return name → version of everything that a requirements file pins."""
    found = _PIN.findall(file.read_text(encoding="utf-8"))
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def behind() -> list[str]:
    """Return the pins of phases that the lock does not have: `./lab lock` was forgotten."""
    locked = pins(LOCK)
    return [
        f"{source.relative_to(ROOT)} pins {name}=={version}, requirements.lock {locked.get(name)}"
        for source in sources()
        for name, version in pins(source).items()
        if locked.get(name) != version
    ]
