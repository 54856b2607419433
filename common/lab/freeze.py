"""The read-only switch of a phase, for good and for a while."""

import contextlib
from collections.abc import Iterator

from lab.data import Data
from lab.instance import Instance

_BEFORE = "frozen.json"


def switch(instance: Instance, *, read_only: bool) -> None:
    """Refuse writes, or take them again, until the next switch."""
    Data(instance, quiet=True).set_read_only(read_only=read_only)
    _forget(instance)


@contextlib.contextmanager
def frozen(instance: Instance, *, read_only: bool) -> Iterator[bool]:
    """Refuse writes for a while; yields whether they were refused before.

    read_only says whether they are now. What was before is written down first. Where this process
    is killed meanwhile, the next one that freezes the instance brings that back.
    """
    data = Data(instance, quiet=True)
    found = instance.read(_BEFORE)
    before = bool(found["read_only"]) if found else read_only
    instance.write(_BEFORE, {"read_only": before})
    try:
        data.set_read_only(read_only=True)
        yield before
    finally:
        if not before:
            data.set_read_only(read_only=False)
        _forget(instance)


def _forget(instance: Instance) -> None:
    (instance.directory / _BEFORE).unlink(missing_ok=True)
