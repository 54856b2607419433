"""The closing lines: what was unsteady, the minutes of each part, a forecast, the sum."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gate.parts import Part
from gate.trial import Verdict, in_any_system
from lab.phases import STEPS, TITLES

PHASES = len(TITLES)
COMING = {  # how many parts of a kind there will be, where it is not one
    **dict.fromkeys(("up", "native", "docker", "lesson"), PHASES),
    "step": (PHASES - 1) * (STEPS - 1),  # those that are no phase's last
}
# How many parts of a kind stand on one phase.
NEWEST = {"native": 1, "docker": 1, "lesson": 1, "step": STEPS - 1}
OWN_PATCH = ("step",)  # these stand on nothing else: a fix that goes through them seldom changes it
OF_NO_CODE = ("docker",)  # what has changed in Python alone is tested in short there
OVER_ALL = ("lint", "history")  # one part that looks at every phase


@dataclass
class Account:
    """What the run came to so far."""

    verdicts: dict[Part, Verdict] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each part took; second tries, which run alone, are not in it."""
    left_out: dict[Part, str] = field(default_factory=dict)
    wall: float = 0.0
    """Seconds in which all parts ran: less than their sum where some ran at once."""
    faults: list[str] = field(default_factory=list)
    """What fails the run and is no part's."""
    incomplete: bool = False
    """Whether something could not be run here."""

    @property
    def at_once(self) -> float:
        """How many parts ran at once, on average."""
        return sum(self.seconds.values()) / self.wall if self.seconds else 1.0

    def sum(self) -> str:
        """Say what running parts at once has saved, or not."""
        alone = sum(self.seconds.values()) / 60
        return f"{alone:.1f} minutes in {self.wall / 60:.1f} ({self.at_once:.1f} at once)"

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
    docker_changed: float
    unknown: tuple[str, ...]


def forecast(
    parts: Iterable[Part], seconds: Mapping[str, float], built: int, at_once: float
) -> Forecast:
    """Reckon with what each part took, and for those to come with the longest of their kind.

    seconds: by part. A kind that looks at all phases in one part grows with their number.
    """
    kinds: dict[str, list[Part]] = {}
    for part in parts:
        kinds.setdefault(part.kind, []).append(part)
    unknown = [kind for kind, members in kinds.items() if not _known(members, seconds)]
    cases = [_cases(kinds[kind], seconds, built) for kind in kinds if kind not in unknown]
    one, every, docker = (sum(case[which] for case in cases) / 60 / at_once for which in range(3))
    return Forecast(one, every, docker, tuple(unknown))


def _cases(
    members: Sequence[Part], seconds: Mapping[str, float], built: int
) -> tuple[float, float, float]:
    """Return the seconds of a kind of parts, all phases together, for the cases of a forecast."""
    kind, took = members[0].kind, _known(members, seconds)
    number, newest = COMING.get(kind, 1), NEWEST.get(kind, 0) * max(took)
    whole = _of(number, took) * (PHASES / built if kind in OVER_ALL else 1)
    if members[0].stands_on is None:
        return whole, whole, whole
    shorts = [part.short for part in members if part.short]
    if not shorts:
        return newest, newest if kind in OWN_PATCH else whole, whole
    short = _known(shorts, seconds) or took
    every = _of(number, short) if kind in OF_NO_CODE else whole
    return newest + _of(number - NEWEST.get(kind, 0), short), every, whole


def _known(parts: Iterable[Part], seconds: Mapping[str, float]) -> list[float]:
    return [seconds[part.name] for part in parts if part.name in seconds]


def _of(number: int, took: Sequence[float]) -> float:
    """Return the seconds of so many parts, of which these are known."""
    return sum(took[:number]) + max(took) * max(0, number - len(took))


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
        f"  {found.one_changed:.0f} minutes where one phase has changed, the newest",
        f"  {found.all_changed:.0f} minutes where a fix in phase 0 has changed the code of all",
        f"  {found.docker_changed:.0f} minutes where that has changed all images too{without}",
        f"  (each phase and step to come takes as long as the longest so far: {built} phases)",
    ]
