"""Secrets that nobody has written down: made once, kept below .lab/, the same for both engines.

.lab/NAME/secrets/ is for its owner alone, whatever the mode of a file in it.
"""

import os
import secrets
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lab.compose.model import Secret
from lab.instance import Instance

_DIRECTORY = 0o700
OWNER_ONLY = 0o600
ANY_USER = 0o444  # of a container: whoever it runs as must read what is mounted there


def file_of(instance: Instance, secret: Secret) -> Path:
    """Return where a secret lies: the file that compose.yaml names comes first."""
    return secret.file if secret.file.is_file() else instance.secrets / secret.name


def make(instance: Instance, wanted: Iterable[Secret], mode: int = OWNER_ONLY) -> None:
    """Make those that are missing, and give all that were made here this mode."""
    for secret in wanted:
        path = file_of(instance, secret)
        if path == secret.file:
            continue
        instance.secrets.mkdir(mode=_DIRECTORY, parents=True, exist_ok=True)
        instance.secrets.chmod(_DIRECTORY)
        if not path.exists():
            _write(path, secrets.token_hex(secret.generate))
        path.chmod(mode)


def _write(path: Path, text: str) -> None:
    """Write a whole file or none; somebody who was quicker is left alone."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)
