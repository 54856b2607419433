"""Start a phase as people do, see that it answers, perhaps test it, stop it.

python -m gate.visit PHASE --native|--docker [-- PYTEST ARGUMENTS]
"""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Sequence

from lab import instance
from lab.paths import ROOT
from lab.testing import targets
from lab.testing.admin import appoint

LAB = str(ROOT / "lab")
_PATIENCE = 5.0  # seconds for readyz, once `lab up` has seen it
_NO_DESKTOP = dict.fromkeys(("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"), "")
_FOR_TESTS = {"LIMITS": "test"}  # a suite asks more often than people do


def visit(phase: str, engine: str, arguments: Sequence[str]) -> int:
    """Return pytest's exit code; 0 if nothing was to be tested. Raises CalledProcessError."""
    try:
        _lab("up", phase, engine, "--detach", **(_FOR_TESTS if arguments else {}))
        address = _lab("open", phase).strip()
        _look(f"{address}/readyz")
        print(_lab("ps", phase), flush=True)
        if not arguments:
            return 0
        words = ["--url", address, arguments[0], *_admin(phase, address), *arguments[1:]]
        return subprocess.run([LAB, "test", *words], check=False).returncode
    except BaseException:
        subprocess.run([LAB, "logs", phase], check=False)
        raise
    finally:
        _lab("down", phase, "--volumes")


def _admin(phase: str, address: str) -> list[str]:
    found = targets.find(phase).phase
    return appoint(instance.of_phase(found), address) if found else []


def _lab(*words: str, **settings: str) -> str:
    """Run a command of lab; returns what it answers. Raises CalledProcessError."""
    environment = {**os.environ, **_NO_DESKTOP, **settings}
    command = [LAB, *words]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return str(done.stdout)


def _look(url: str) -> None:
    with urllib.request.urlopen(url, timeout=_PATIENCE) as response:  # noqa: S310 - lab named it
        print(url, response.status, json.load(response), flush=True)


if __name__ == "__main__":
    sys.exit(visit(sys.argv[1], sys.argv[2], sys.argv[3:]))
