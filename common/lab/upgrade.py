"""All data of one running phase into a later one, with nothing lost and nothing doubled.

While it is carried over the old phase takes no writes. The import is one transaction, so the new
phase is empty or complete; what is complete already is only compared. That is why an upgrade
that was interrupted, at whatever moment, can simply be run again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from lab.archive import Archive, pairs, same
from lab.data import Data
from lab.errors import LabError
from lab.freeze import frozen
from lab.instance import Instance
from lab.streams import Progress, carry, exporting

Meter = Callable[[str, int], AbstractContextManager[Progress]]
"""Shows progress: what is done, and the number of records in all."""


class DiffersError(LabError):
    """The new phase does not hold what the old one holds."""


@dataclass(frozen=True)
class Outcome:
    """What the new phase was found to hold; of the old one, whether it took no writes before."""

    counts: Mapping[str, int]
    sha256: str
    identical: bool
    copied: bool
    read_only_before: bool


def upgrade(old: Instance, new: Instance, meter: Meter, refuse: Callable[[], None]) -> Outcome:
    """Carry everything over and compare. Both must run; the old one is left as it was.

    `refuse` is called, to raise, where the new phase holds something else. Raises LabError.
    """
    state, present = Data(old, quiet=True).state(), Data(new, quiet=True).state()
    counts, held = state.counts, present.counts
    total = sum(counts.values())
    with frozen(old, read_only=state.read_only) as read_only_before:
        if held and any(held.get(kind) != number for kind, number in counts.items()):
            refuse()
        if not held:
            with meter(f"{old.phase.label} → {new.phase.label}", total) as progress:
                carry(old, new, progress)
        with meter("comparing", total) as progress, frozen(new, read_only=present.read_only):
            found, sha256, identical = _compare(old, new, frozenset(counts), progress)
    return Outcome(found, sha256, identical, not held, read_only_before)


def _compare(
    old: Instance, new: Instance, kinds: frozenset[str], progress: Progress
) -> tuple[Mapping[str, int], str, bool]:
    """Read both archives in step; returns the counts and SHA-256 of the old one, and if equal."""
    with _archive(old) as before, _archive(new) as after:
        for number, (ours, theirs) in enumerate(pairs(before, after, kinds), start=2):
            if not same(ours, theirs):
                raise DiffersError(
                    f"{new.phase.label} does not hold what {old.phase.label} holds: "
                    f"line {number} of the archive differs"
                )
            progress(1)
        return before.counts, before.sha256, before.sha256 == after.sha256


@contextmanager
def _archive(instance: Instance) -> Iterator[Archive]:
    with exporting(instance) as file:
        yield Archive(file)
