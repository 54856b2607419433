"""The closing lines: what was unsteady, the minutes of each part, a forecast, the sum."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gate.parts import Part
from gate.trial import Verdict, in_any_system
from lab.phases import STEPS, TITLES

PHASES = len(TITLES)
BETWEEN = (PHASES - 1) * (STEPS - 1)  # steps that are no phase's last
PER_PHASE = ("up", "native", "docker", "whole", "lesson")
OVER_ALL = ("lint", "history")  # one part that looks at every phase
AT_ONCE = ("native", "docker", "whole", "step")
ONE_CHANGED = ("whole", "lesson")  # what one changed phase adds, once


@dataclass
class Account:
    """What the run came to so far."""

    verdicts: dict[Part, Verdict] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    first_tries: dict[str, float] = field(default_factory=dict)
    """The part of `seconds` without second tries."""
    left_out: dict[Part, str] = field(default_factory=dict)
    wall: float = 0.0
    """Seconds in which all tests of systems ran: less than their sum where some ran at once."""
    faults: list[str] = field(default_factory=list)
    """What fails the run and is no part's."""
    incomplete: bool = False
    """Whether something could not be run here."""

    @property
    def at_once(self) -> float:
        """How many tests of systems ran at once, on average."""
        return self._of_systems() / self.wall if self.wall else 1.0

    def _of_systems(self) -> float:
        return sum(self.first_tries.get(part.name, 0.0) for part in self.verdicts if part.turn)

    def systems(self) -> str:
        """Say what running systems at once has saved, or not."""
        return (
            f"Tests of systems: {self._of_systems() / 60:.1f} minutes of them "
            f"in {self.wall / 60:.1f} ({self.at_once:.1f} at once)"
        )

    @property
    def unsteady(self) -> list[tuple[str, str]]:
        """The part and the node id of each unsteady test."""
        return [(part.name, test) for part, one in self.verdicts.items() for test in one.unsteady]

    @property
    def good(self) -> bool:
        """Whether every part is."""
        return not self.faults and all(verdict.good for verdict in self.verdicts.values())

    def total(self) -> str:
        """Return the last line; what went wrong beside a part's tests counts as one failure."""
        everyone = self.verdicts.values()
        passed = sum(one.passed for one in everyone)
        failed = sum(len(one.failed) + bool(one.broken) for one in everyone) + len(self.faults)
        return f"{passed} passed, {failed} failed, {sum(one.skipped for one in everyone)} skipped"


@dataclass(frozen=True)
class Forecast:
    """Minutes with all phases; `unknown` are kinds of parts that no figure is known of."""

    one_changed: float
    all_changed: float
    unknown: tuple[str, ...]


def forecast(
    parts: Iterable[Part], seconds: Mapping[str, float], built: int, at_once: float
) -> Forecast:
    """Reckon with the mean of each kind of part, times how many of it there will be.

    seconds: by part. A kind that looks at all phases in one part grows with their number; steps
    between phases, while there are none, count as phases do.
    """
    kinds: dict[str, list[float]] = {"step": []}
    always = {part.kind for part in parts if part.stands_on is None}
    for part in parts:
        took = [seconds[part.name]] if part.name in seconds else []
        kinds.setdefault(part.kind, []).extend(took)
    kinds["step"] = kinds["step"] or kinds.get("native", [])
    unknown = tuple(kind for kind, took in kinds.items() if not took)
    one = full = 0.0
    for kind, took in kinds.items():
        if not took:
            continue
        mean = sum(took) / len(took) / 60 / (at_once if kind in AT_ONCE else 1)
        full += mean * _number(kind, built)
        if kind in always:
            one += mean * _number(kind, built)
        elif kind in ONE_CHANGED:
            one += mean
        elif kind == "step":
            one += mean * (STEPS - 1)
    return Forecast(one, full, unknown)


def _number(kind: str, built: int) -> float:
    if kind in PER_PHASE:
        return PHASES
    if kind == "step":
        return BETWEEN
    return PHASES / built if kind in OVER_ALL else 1


def minutes(account: Account) -> list[str]:
    """Return the table of parts, with what was left out at its end."""
    lines = [f"{'part':<16}{'minutes':>8}  result"]
    for part, verdict in account.verdicts.items():
        took = account.seconds.get(part.name, 0.0) / 60
        lines.append(f"{part.name:<16}{took:>8.1f}  {_words(verdict)}")
    lines += [f"{part.name:<16}{'-':>8}  {why}" for part, why in account.left_out.items()]
    return lines


def _words(verdict: Verdict) -> str:
    counts = f"{verdict.passed} passed" if verdict.passed else ""
    more = (("failed", verdict.failed), ("unsteady", verdict.unsteady))
    words = [counts, *(f"{len(tests)} {how}" for how, tests in more if tests)]
    words += [f"{verdict.skipped} skipped"] if verdict.skipped else []
    return ", ".join(filter(None, [*words, *verdict.broken])) or "ok"


def unsteady_block(found: Sequence[tuple[str, str]], known: Sequence[str]) -> list[str]:
    """Return the list that nobody can overlook; nothing if there is nothing to see."""
    if not found:
        return []
    before = {in_any_system(test) for test in known}
    rule = "!" * 100
    lines = [rule, f"UNSTEADY: failed, then passed on a fresh system: {len(found)}", ""]
    for part, test in found:
        again = "   NOT FOR THE FIRST TIME" if in_any_system(test) in before else ""
        lines.append(f"  {part}: {test}{again}")
    return [*lines, "", "Each is a fault in the system or in the test. Mend it.", rule]


def forecast_lines(found: Forecast, built: int) -> list[str]:
    """Say what the forecast is and where it comes from."""
    without = f"; without {', '.join(found.unknown)}: never measured" if found.unknown else ""
    return [
        f"Forecast for {PHASES} phases, from these minutes, and the record's of what was left out:",
        f"  {found.one_changed:.0f} minutes where one phase has changed",
        f"  {found.all_changed:.0f} minutes where a fix in phase 0 has changed them all{without}",
        f"  (the mean of each kind of part over {built} phases, times how many there will be)",
    ]
