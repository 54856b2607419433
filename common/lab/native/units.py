"""Services that a package would start, and have started at every boot, when it is installed."""

import contextlib
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

_SYSTEMD = Path("/run/systemd/system")  # is there where systemd runs; else nothing is started


@contextlib.contextmanager
def kept_from_starting(root: Sequence[str], units: Sequence[str]) -> Iterator[None]:
    """Have systemd neither start nor enable units that come meanwhile; `root` precedes commands.

    Those that it knows already are somebody's, and left alone. The mask is gone with the next
    boot, should this process be killed.
    """
    new = [unit for unit in units if not _is_known(unit)] if _SYSTEMD.is_dir() else []
    if not new:
        yield
        return
    _systemctl(root, "mask", "--runtime", *new)
    try:
        yield
    finally:
        _systemctl(root, "unmask", "--runtime", *new)
        _systemctl(root, "disable", *new)


def _is_known(unit: str) -> bool:
    return _systemctl([], "cat", unit)


def _systemctl(root: Sequence[str], *words: str) -> bool:
    done = subprocess.run([*root, "systemctl", *words], capture_output=True, check=False)
    return done.returncode == 0
