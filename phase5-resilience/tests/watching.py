"""What rules and dashboards ask, taken to pieces."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from waiting import PHASE

MONITORING = PHASE / "monitoring"
CONFIGURATION = MONITORING / "prometheus" / "prometheus.yml"
RULES = sorted((MONITORING / "prometheus" / "rules").glob("*.yml"))


def promtool(*words: str | Path, **options: Any) -> str:
    """Run promtool; return what it said, after it was content."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    done = subprocess.run(
        [program, *map(str, words)], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


def rules() -> Iterator[dict[str, Any]]:
    """Yield every rule."""
    for file in RULES:
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


def recorded() -> set[str]:
    """Return the names that rules make."""
    return {rule["record"] for rule in rules() if "record" in rule}


def alerts() -> list[dict[str, Any]]:
    """Return the rules that alert."""
    return [rule for rule in rules() if "alert" in rule]


def dashboards() -> dict[str, dict[str, Any]]:
    """Return what Grafana reads, by name."""
    files = (MONITORING / "grafana" / "dashboards").glob("*.json")
    return {file.stem: json.loads(file.read_text()) for file in files}


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every panel that asks something, and where it is."""
    for name, dashboard in dashboards().items():
        for panel in dashboard["panels"]:
            if panel["type"] != "row":
                yield f"{name}: {panel['title']}", panel


def queries() -> Iterator[tuple[str, str]]:
    """Yield each question of a panel."""
    for where, panel in panels():
        for target in panel["targets"]:
            yield where, target["expr"]


def names(expression: str) -> set[str]:
    """Return which metrics an expression reads."""
    found: set[str] = set()

    def look(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            assert node.name, f"a selector without a name: {expression}"
            found.add(node.name)

    promql_parser.walk(promql_parser.parse(expression), look)
    return found


def read() -> set[str]:
    """Return which metrics somebody has to expose: those that are read, and no rule makes."""
    asked = [rule["expr"] for rule in rules()] + [one for _, one in queries()]
    return set().union(*map(names, asked)) - recorded() - {"ALERTS"}
