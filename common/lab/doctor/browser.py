"""Chromium, found as the browser tests find it."""

import os
import runpy
import shutil
import subprocess

from lab.doctor.report import BrowserReport, Finding
from lab.paths import ROOT

# Its names and packages stand with the tests, which are no part of lab.
_TESTS = ROOT / "common" / "web" / "tests" / "web_support" / "chromium.py"
_ANSWERS = 20.0  # seconds


def look() -> BrowserReport:
    """Find it and ask for its version."""
    known = runpy.run_path(str(_TESTS))
    found = filter(None, map(shutil.which, known["NAMES"]))
    path = os.environ.get("WEB_CHROMIUM") or next(found, None)
    if path is None:
        packages = " ".join(known["PACKAGES"])
        problem = Finding("there is no Chromium", f"sudo apt-get install {packages}")
        return BrowserReport(None, None, problem)
    version = _version(path)
    if version is None:
        return BrowserReport(path, None, Finding(f"{path} does not run", f"{path} --version"))
    return BrowserReport(path, version)


def _version(path: str) -> str | None:
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, check=True, timeout=_ANSWERS
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
