"""A first try, a second one on a fresh system, and what both together mean."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from gate.attempt import Attempt
from gate.results import Results

MOST_UNSTEADY = 3  # in one run of the gate
MOST_TRIED_AGAIN = 10  # in one part; more at once are no bad luck
_SYSTEM = re.compile(r"^(?:phase\d-[a-z]+|\.lab/steps/\d\.\d)/")


@dataclass(frozen=True)
class Try:
    """One run of a part. results is None where no test was to run or pytest never began."""

    attempt: Attempt
    results: Results | None = None

    def faults(self, *, tests: bool) -> list[str]:
        """Say in words what went wrong apart from tests that failed."""
        if self.attempt.hung:
            return [f"it hung, and was ended after {self.attempt.seconds / 60:.0f} minutes"]
        if not tests:
            code = self.attempt.code
            return [f"ended with exit code {code}"] if code else []
        if self.results is None:
            return [f"no test came to run: exit code {self.attempt.code}"]
        expected = 1 if self.results.failed else 0
        faults = list(self.results.broken)
        if not faults and self.attempt.code != expected:
            faults.append(f"ended with exit code {self.attempt.code} after its tests")
        return faults


@dataclass(frozen=True)
class Verdict:
    """What a part came to: node ids, and in words what went wrong beside them."""

    passed: int = 0
    skipped: int = 0
    failed: tuple[str, ...] = ()
    unsteady: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing failed for good."""
        return not self.failed and not self.broken


def to_try_again(first: Try) -> tuple[str, ...]:
    """Return the tests that deserve a second try: none if anything else went wrong too."""
    if first.results is None or first.faults(tests=True):
        return ()
    failed = tuple(dict.fromkeys(first.results.failed))
    return failed if len(failed) <= MOST_TRIED_AGAIN else ()


def judge(first: Try, second: Try | None = None, *, tests: bool = True) -> Verdict:
    """Return the verdict; what did not plainly pass in the second try has failed."""
    results = first.results or Results()
    broken = first.faults(tests=tests)
    unsteady: tuple[str, ...] = ()
    if second is not None:
        passed = _plainly_passed(second)
        unsteady = tuple(dict.fromkeys(test for test in results.failed if test in passed))
        broken += [f"second try: {fault}" for fault in second.faults(tests=True)]
    failed = tuple(test for test in results.failed if test not in unsteady)
    return Verdict(
        passed=len(results.passed) + len(results.failed) - len(failed),
        skipped=len(results.skipped),
        failed=failed,
        unsteady=unsteady,
        broken=tuple(broken),
    )


def _plainly_passed(second: Try) -> set[str]:
    results = second.results or Results()
    return set(results.passed) - {*results.failed, *results.skipped}


def too_unsteady(found: Sequence[str], known: Collection[str]) -> list[str]:
    """Say in words why these unsteady tests fail the run: too many, or one of them again.

    found may name a test twice; known are those of the record.
    """
    faults = []
    if len(found) > MOST_UNSTEADY:
        faults.append(f"{len(found)} tests were unsteady; at most {MOST_UNSTEADY} are let through")
    before = {in_any_system(test) for test in known}
    for test in found:
        if in_any_system(test) in before:
            faults.append(f"not for the first time: {test}")
        before.add(in_any_system(test))
    return faults


def in_any_system(test: str) -> str:
    """Return a node id without its phase or step: what a phase has from the one before is one."""
    return _SYSTEM.sub("", test)
