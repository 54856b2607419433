"""Rules, alerts and dashboards: well-formed, tested, and each with what people need."""

import re
from pathlib import Path

import pytest
import yaml
from waiting import PHASE
from watching import (
    CONFIGURATION,
    MONITORING,
    RULES,
    alerts,
    names,
    panels,
    promtool,
    queries,
    recorded,
    rules,
)

HEADINGS = ["What it means.", "Look at.", "Do."]
UNITS = {"bytes", "ops", "percentunit", "reqps", "s", "short"}
LINES_MAX = 20


def test_promtool_takes_the_rules_and_the_configuration() -> None:
    promtool("check", "rules", *RULES)
    promtool("check", "config", "--syntax-only", CONFIGURATION)


@pytest.mark.parametrize("name", ["budget.yml", "causes.yml"])
def test_alerts_fire_when_they_should_and_not_otherwise(name: str) -> None:
    promtool("test", "rules", name, cwd=MONITORING / "tests")


def test_each_alert_is_tested_to_fire() -> None:
    tested = set()
    for file in (MONITORING / "tests").glob("*.yml"):
        for test in yaml.safe_load(file.read_text())["tests"]:
            for one in test["alert_rule_test"]:
                tested |= {one["alertname"]} if one["exp_alerts"] else set()
    assert tested == {rule["alert"] for rule in alerts()}


def test_each_alert_has_a_page_that_says_what_to_do() -> None:
    pages = set()
    for rule in alerts():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        page = PHASE / rule["annotations"]["runbook_url"]
        assert page.stem == rule["alert"]
        text = page.read_text()
        assert text.startswith(f"# {rule['alert']}\n")
        assert re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE) == HEADINGS
        assert len(text.splitlines()) <= LINES_MAX, "nobody reads more at night"
        pages.add(page)
    assert pages == set((MONITORING / "runbooks").glob("*.md"))


def test_what_is_recorded_is_read() -> None:
    asked = [rule["expr"] for rule in rules()] + [one for _, one in queries()]
    assert recorded() - set().union(*map(names, asked)) == set()


def test_every_service_of_the_system_with_numbers_is_asked_for_them() -> None:
    asked = {
        target
        for job in yaml.safe_load((CONFIGURATION).read_text())["scrape_configs"]
        for one in job["static_configs"]
        for target in one["targets"]
    }
    services = yaml.safe_load((PHASE / "compose.yaml").read_text())["services"]
    have = {
        f"{name}:9000"
        for name, one in services.items()
        if "CHAT_OPERATIONS_BIND" in (one.get("environment") or {}) and "ports" in one
    }
    assert have <= asked
    assert {target.partition(":")[0] for target in asked} <= set(services)


def test_nobody_s_answer_is_kept_without_a_limit() -> None:
    for job in yaml.safe_load((CONFIGURATION).read_text())["scrape_configs"]:
        assert 0 < job["sample_limit"] <= 5000


# dashboards


def test_what_grafana_reads_is_what_the_code_says() -> None:
    from monitoring.dashboards.__main__ import TARGET, files  # noqa: PLC0415

    written = {file: file.read_text() for file in TARGET.glob("*.json")}
    assert written == dict(files()), "python -m monitoring.dashboards writes them"


def test_each_panel_has_a_unit_and_a_legend_that_tells_its_lines_apart() -> None:
    found = list(panels())
    assert len(found) >= 30
    for where, panel in found:
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, where
        assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}, where
        legends = [one["legendFormat"] for one in panel["targets"]]
        assert all(legends), where
        assert len(set(legends)) == len(legends), where


def test_promtool_takes_each_panel_s_question(tmp_path: Path) -> None:
    asked = [
        {"record": f"asked_{number}", "expr": expression.replace("$service", "chat")}
        for number, (_, expression) in enumerate(queries())
    ]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": asked}]}))
    promtool("check", "rules", file)
