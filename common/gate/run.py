"""The run itself: which parts, in which order, and what comes of them."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gate import pool, report
from gate.attempt import Attempt, Process
from gate.leftovers import keep_logs
from gate.parts import Part
from gate.record import RECORD, Changes, Record
from gate.report import Account
from gate.results import Results
from gate.trial import Try, Verdict, judge, to_try_again, too_unsteady
from lab import phases
from lab.errors import FAILED
from lab.paths import ROOT

PLACE = Path(".lab") / "gate"  # in the checkout that is tested: logs, and what was unsteady


def say(text: str) -> None:
    """Say something now, whatever comes between."""
    print(text, flush=True)


def show(text: str) -> None:
    """Pass output on as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()


@dataclass(frozen=True)
class Options:
    """What was asked for.

    source: the checkout that the results are for; tree: the clean one that is tested.
    """

    source: Path
    tree: Path = ROOT
    everything: bool = False
    only: tuple[str, ...] = ()
    record: bool = False
    at_once: int = 1


class Gate:
    """One run."""

    def __init__(
        self,
        options: Options,
        offered: Sequence[Part],
        record: Record,
        look: Callable[[], Sequence[str]] = lambda: (),
    ) -> None:
        """`look` tells in the end what is left running."""
        self._options = options
        self._parts = offered
        self._record = record
        self._look = look
        self._changes = Changes(options.tree, record)
        self._place = options.source / PLACE
        self._account = Account()
        self._firsts: dict[Part, Try] = {}

    def names(self) -> str:
        """Return all names that `--only` takes."""
        return ", ".join(
            dict.fromkeys(name for part in self._parts for name in (part.kind, part.name))
        )

    def unknown(self) -> list[str]:
        """Return what was asked for and does not exist."""
        known = {name for part in self._parts for name in (part.kind, part.name)}
        return [name for name in self._options.only if name not in known]

    def run(self) -> int:
        """Run what is to be run; returns the exit code."""
        shutil.rmtree(self._place, ignore_errors=True)
        self._place.mkdir(parents=True)
        self._run(self._without_docker(self._choose()))
        self._look_for_leftovers()
        return self._close()

    def _choose(self) -> list[Part]:
        """Say which parts run, and why each of the others does not."""
        say("\n== the plan")
        chosen = []
        for part in self._parts:
            only, wanted = self._options.only, {part.kind, part.name}
            if only and not wanted.intersection(only):
                continue
            runs: Part | None = part
            while runs and not (why := self._why(runs)):
                runs = runs.short
            if runs is None:
                commit = self._record.tested[part.name]
                self._account.left_out[part] = f"unchanged since {commit[:12]}"
                say(f"{part.name:<18}left out: unchanged")
            else:
                chosen.append(runs)
                say(f"{runs.name:<18}{why}")
        return chosen

    def _why(self, part: Part) -> str | None:
        if self._options.everything or self._options.only:
            return "asked for"
        if part.stands_on is None:
            return "every run"
        return self._changes.reason(part.name, part.stands_on)

    def _without_docker(self, chosen: list[Part]) -> list[Part]:
        """Make Docker ready; where it cannot be had, its parts are skipped, with --all failed."""
        docker = [part for part in chosen if part.docker]
        if not docker:
            return chosen
        say("\n== Docker, Compose and the base images, once for all parts")
        made = subprocess.run(
            ["bash", ".ci/docker", self._options.source],
            cwd=self._options.tree,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if made.returncode == 0:
            return chosen
        reason = made.stdout.strip()
        say(reason)
        for part in docker:
            skipped = Verdict(skipped=1)
            failed = Verdict(broken=(reason,))
            self._account.verdicts[part] = failed if self._options.everything else skipped
        self._account.incomplete = True
        return [part for part in chosen if not part.docker]

    def _run(self, chosen: Sequence[Part]) -> None:
        """Run them, some at once; second tries come after that, when the machine is calm."""
        live = self._options.at_once == 1 or len(chosen) == 1
        began = time.monotonic()

        def start(part: Part) -> Process:
            say(f"\n== {part.name}: {part.title}" if live else f"-- begins: {part.name}")
            words = ["--gate-results", str(self._results(part.name))] if part.again else []
            return Process([*part.first, *words], self._log(part.name), show if live else None)

        def ended(part: Part, attempt: Attempt) -> None:
            if not live:
                say(f"\n== {part.name}: {part.title}")
                show(self._log(part.name).read_text(encoding="utf-8", errors="replace"))
            self._ended(part, attempt)

        if not live:
            say(f"\n== {len(chosen)} parts, {self._options.at_once} at once; shown when they end")
        pool.run(chosen, start, ended, self._options.at_once)
        self._account.wall = time.monotonic() - began
        for part in chosen:
            self._settle(part)

    def _ended(self, part: Part, attempt: Attempt) -> None:
        say(f"-- {part.name}: {attempt.seconds:.0f} s, exit code {attempt.code}")
        self._account.seconds[part.name] = attempt.seconds
        if attempt.code:
            keep_logs(attempt.pid, self._place / f"{part.name}-system")
        self._firsts[part] = Try(attempt, Results.read(self._results(part.name)))

    def _settle(self, part: Part) -> None:
        """Give a part its verdict, after a second try of the tests that deserve it."""
        first = self._firsts[part]
        tests = to_try_again(first) if part.again else ()
        second = self._again(part, tests) if tests else None
        verdict = judge(first, second, tests=bool(part.again))
        self._account.verdicts[part] = verdict
        if not verdict.good:
            say(f"\nFAILED: {part.name}; its log: {self._log(part.name)}")
            for fault in (*verdict.failed, *verdict.broken):
                say(f"  {fault}")

    def _again(self, part: Part, tests: Sequence[str]) -> Try:
        name = f"{part.name}-again"
        say(f"\n== {name}: a second try on a fresh system of")
        for test in tests:
            say(f"  {test}")
        only = self._place / f"{name}.only.json"
        only.write_text(json.dumps(tests), encoding="utf-8")
        words = ["--gate-only", str(only), "--gate-results", str(self._results(name))]
        attempt = Process([*part.again, *words], self._log(name), show).wait()
        say(f"-- {name}: {attempt.seconds:.0f} s, exit code {attempt.code}")
        if attempt.code:
            keep_logs(attempt.pid, self._place / f"{name}-system")
        return Try(attempt, Results.read(self._results(name)))

    def _look_for_leftovers(self) -> None:
        found = self._look()
        say("\n== nothing is left running" if not found else "\n== these are left running")
        for one in found:
            say(f"  {one}")
        if found:
            self._account.faults.append(f"left running: {len(found)}")

    def _close(self) -> int:
        """Say what it came to, and write it down."""
        account, known = self._account, self._record.unsteady
        found = account.unsteady
        rows = [{"part": part, "test": test} for part, test in found]
        (self._place / "unsteady.json").write_text(json.dumps(rows, indent=2), encoding="utf-8")
        account.faults += too_unsteady([test for _, test in found], known)
        say("\n== the end")
        seconds = {**self._record.seconds, **account.seconds}
        built = len(phases.built())
        foreseen = report.forecast(self._parts, seconds, built, account.at_once)
        for line in (
            *report.minutes(account),
            account.sum(),
            *([] if self._options.everything else report.forecast_lines(foreseen, built)),
            *report.unsteady_block(found, known),
            *(f"FAILED: {fault}" for fault in account.faults),
        ):
            say(line)
        if self._options.record:
            self._write_record()
        say(account.total())
        return 0 if account.good else FAILED

    def _write_record(self) -> None:
        """Record what passed, whatever else did not; with unsteady tests only in a good run."""
        account = self._account
        passed = [
            one.name
            for part, verdict in account.verdicts.items()
            if part.name in account.seconds and verdict.good
            if account.good or not verdict.unsteady
            for one in part.proves()
            if one.stands_on is not None
        ]
        if not passed:
            say("nothing is recorded: nothing that can be has passed")
            return
        unsteady = [test for _, test in account.unsteady if account.good]
        record = self._record.after(self._changes.head(), passed, account.seconds, unsteady)
        record.write(self._options.source)
        say(f"recorded in {RECORD}, for you to commit: {', '.join(passed)}")

    def _log(self, name: str) -> Path:
        return self._place / f"{name}.log"

    def _results(self, name: str) -> Path:
        return self._place / f"{name}.results.json"
