"""A pytest plugin: writes how many tests did what to the file that LAB_TEST_COUNTS names."""

import json
import os
from pathlib import Path

import pytest

from lab.testing.pytest_run import COUNTS_VARIABLE

_FAILED = ("failed", "error")
_SKIPPED = ("skipped", "xfailed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count as pytest's own summary does."""
    stats = terminalreporter.stats

    def count(*kinds: str) -> int:
        return sum(len(stats.get(kind, ())) for kind in kinds)

    counts = {
        "passed": count("passed", "xpassed"),
        "failed": count(*_FAILED),
        "skipped": count(*_SKIPPED),
    }
    Path(os.environ[COUNTS_VARIABLE]).write_text(json.dumps(counts), encoding="utf-8")
