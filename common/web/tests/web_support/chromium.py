"""Chromium: found, or installed where that is allowed."""

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PACKAGES = ("chromium", "fonts-noto-color-emoji")


class NoChromiumError(RuntimeError):
    """There is none; the message says what to type."""


def find_chromium() -> str:
    """Return the path of Chromium, installing Debian's package if need and rights are there."""
    path = _installed()
    if path is None and _install():
        path = _installed()
    if path is None:
        raise NoChromiumError(
            "The browser tests need Chromium, and it could not be installed from here.\n"
            f"On Debian or Ubuntu: sudo apt-get install {' '.join(PACKAGES)}\n"
            "Elsewhere: install Chromium or Chrome, and name it: WEB_CHROMIUM=/path/to/chromium"
        )
    return path


def _installed() -> str | None:
    named = os.environ.get("WEB_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def _install() -> bool:
    """Install the package as root, or by sudo where it asks for no password."""
    if not shutil.which("apt-get"):
        return False
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if rights and not shutil.which("sudo"):
        return False
    print(f"Chromium is missing; installing {' '.join(PACKAGES)} with apt-get …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        whole = [*rights, "apt-get", *command]
        done = subprocess.run(whole, env=environment, capture_output=True, check=False)
    return done.returncode == 0
