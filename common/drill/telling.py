"""A drill's outcome as text and as a picture."""

from collections.abc import Iterator, Sequence

from load.chart import Line, lines
from load.spread import Spread
from load.table import aligned

from drill.definition import Drill
from drill.outcome import Claim, Outcome
from drill.timeline import Second

HEADING = ("second", "sends", "reads", "slowest ms", "errors", "what happened")
FINDINGS_SHOWN = 10


def text(drill: Drill, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield what a person reads: question, timelines, numbers of all phases, verdicts."""
    yield drill.question
    for outcome in outcomes:
        if outcome.timeline.samples:
            yield from ("", outcome.phase, "", *timeline(outcome))
    yield ""
    yield from numbers(outcomes)
    for outcome in outcomes:
        for claim in outcome.claims:
            yield f"{_answer(claim)}  {claim.words}"
        for finding in outcome.findings[:FINDINGS_SHOWN]:
            yield f"     {finding}"
        yield f"{outcome.phase}: {outcome.verdict}"


def _answer(claim: Claim) -> str:
    if not claim.of:
        return "?  "
    return "yes" if claim.holds else "NO "


def timeline(outcome: Outcome) -> list[str]:
    """Return a line per second."""
    rows = []
    moments = outcome.timeline.moments
    for second in outcome.timeline.seconds():
        words = "; ".join(one.words for one in moments if int(one.at) == second.at)
        rows.append(_row(second, words))
    return aligned(HEADING, rows)


def _row(second: Second, words: str) -> tuple[str, ...]:
    errors = ", ".join(f"{count} x {name}" for name, count in second.errors.items())
    return (
        str(second.at),
        str(second.answered["send"]),
        str(second.answered["read"]),
        f"{second.slowest_ms:.0f}",
        errors,
        words,
    )


def numbers(outcomes: Sequence[Outcome]) -> list[str]:
    """Return every number, a column per phase."""
    names = list(dict.fromkeys(one.name for outcome in outcomes for one in outcome.numbers))
    rows = []
    for name in names:
        found = [
            next((str(one) for one in outcome.numbers if one.name == name), "-")
            for outcome in outcomes
        ]
        rows.append((name, *found))
    return aligned(("", *(outcome.phase for outcome in outcomes)), rows)


def picture(drill: Drill, outcome: Outcome) -> str:
    """Draw acknowledged sends and errors per second, with the moments of the fault."""
    seconds = outcome.timeline.seconds()
    drawn = [
        Line("messages acknowledged", [(one.at, _point(one.answered["send"])) for one in seconds]),
        Line("errors", [(one.at, _point(sum(one.errors.values()))) for one in seconds]),
    ]
    marks = [(moment.at, moment.words) for moment in outcome.timeline.moments]
    return lines(f"{drill.name}, {outcome.phase}", "seconds", "per second", drawn, marks)


def _point(value: float) -> Spread:
    return Spread(value, value, value)
