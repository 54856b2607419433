"""The modules that draw metrics: they read, count and interpolate as Prometheus does."""

import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import playwright
import pytest
import yaml

MODULES = Path(__file__).resolve().parents[1] / "dashboard"
NODE = Path(playwright.__file__).parent / "driver" / "node"
"""Comes with Playwright, so it is there wherever the other tests of this directory run."""

Buckets = list[tuple[float, float]]

NAN, INF = math.nan, math.inf
QUANTILES: list[tuple[float, Buckets, float]] = [
    (0.5, [(1, 10), (2, 20), (INF, 20)], 1.0),
    (0.95, [(1, 10), (2, 20), (INF, 20)], 1.9),
    (0.5, [(1, 0), (2, 8), (4, 8), (INF, 8)], 1.5),
    (0.99, [(0.1, 50), (0.5, 90), (1, 98), (INF, 100)], 1.0),  # beyond the last bound
    (0.25, [(0.1, 50), (0.5, 90), (1, 98), (INF, 100)], 0.05),
    (0.9, [(0.1, 50), (0.5, 90), (1, 98), (INF, 100)], 0.5),
    (1.0, [(1, 5), (2, 10), (INF, 10)], 2.0),
    (0.0, [(1, 5), (2, 10), (INF, 10)], 0.0),
    (0.5, [(1, 0), (INF, 0)], NAN),
]


def run(script: str) -> Any:
    """Run a module that imports ours; return what it prints as JSON, where null is no number."""
    done = subprocess.run(
        [NODE, "--input-type=module", "--eval", script],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def with_history(script: str) -> Any:
    """Run a script that finds the names of history.js."""
    names = "History, Window, parse, quantile, KEPT"
    copy = f"import {{ {names} }} from {json.dumps((MODULES / 'history.js').as_uri())};\n"
    return run(copy + script)


def literal(buckets: Buckets) -> str:
    return json.dumps(buckets)  # Python writes Infinity as JavaScript does


@pytest.mark.parametrize(("q", "buckets", "expected"), QUANTILES)
def test_a_quantile_is_interpolated(q: float, buckets: Buckets, expected: float) -> None:
    found = with_history(f"console.log(JSON.stringify(quantile({q}, {literal(buckets)})))")
    assert (found is None) if math.isnan(expected) else found == pytest.approx(expected)


def test_prometheus_says_the_same(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    tests = [
        {
            "interval": "1m",
            "input_series": [
                {"series": f'b_bucket{{le="{_le(bound)}"}}', "values": str(count)}
                for bound, count in buckets
            ],
            "promql_expr_test": [
                {
                    "expr": f"round(histogram_quantile({q}, b_bucket), 0.000001)",
                    "eval_time": "0m",
                    "exp_samples": [{"labels": "{}", "value": expected}],
                }
            ],
        }
        for q, buckets, expected in QUANTILES
        if not math.isnan(expected)
    ]
    rules = tmp_path / "tests.yaml"
    rules.write_text(yaml.safe_dump({"rule_files": [], "tests": tests}))
    done = subprocess.run(
        [promtool, "test", "rules", rules], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _le(bound: float) -> str:
    return "+Inf" if math.isinf(bound) else str(bound)


TEXT = """# HELP a_total What it is.
# TYPE a_total counter
a_total{kind="x",route="/a/<id>"} 5.0
a_total{kind="y",route="(none)"} 1e+03
b_bucket{le="0.5"} 1.0
b_bucket{le="+Inf"} 2.0
up 1.0
"""


def test_the_text_format_is_read() -> None:
    found = with_history(
        f"""const read = parse({json.dumps(TEXT)});
        console.log(JSON.stringify([...read].map(([name, series]) =>
          [name, [...series.values()].map((one) => [one.labels, one.value])])));"""
    )
    assert found == [
        [
            "a_total",
            [[{"kind": "x", "route": "/a/<id>"}, 5], [{"kind": "y", "route": "(none)"}, 1000]],
        ],
        ["b_bucket", [[{"le": "0.5"}, 1], [{"le": "+Inf"}, 2]]],
        ["up", [[{}, 1]]],
    ]


def test_rates_survive_a_restart_and_new_series() -> None:
    """A counter that falls has begun at zero; one that was not there before, too."""
    found = with_history(
        """const history = new History();
        const first = history.add(100, parse('a{k="x"} 50\\n'));
        const window = history.add(110, parse('a{k="x"} 20\\na{k="y"} 10\\n'));
        console.log(JSON.stringify([first, window.rate('a'), window.rate('a', (l) => l.k === 'y'),
          window.rate('missing'), window.value('missing')]));"""
    )
    assert found == [None, 3, 1, 0, None]


def test_a_quantile_is_one_of_the_window_and_of_the_series_that_fit() -> None:
    found = with_history(
        """const h = (kind, fast, all) =>
          `h_bucket{k="${kind}",le="1.0"} ${fast}\\nh_bucket{k="${kind}",le="+Inf"} ${all}\\n`;
        const history = new History();
        history.add(0, parse(h('x', 1000, 1000) + h('y', 0, 1000)));
        const window = history.add(10, parse(h('x', 1010, 1010) + h('y', 0, 1010)));
        const fast = window.quantile(0.5, 'h', (labels) => labels.k === 'x');
        console.log(JSON.stringify([fast, window.quantile(0.99, 'h')]));"""
    )
    assert found == [0.5, 1]


def test_only_the_last_minutes_are_kept() -> None:
    found = with_history(
        """const history = new History();
        for (let at = 0; at < 3 * KEPT; at += 2) history.add(at, new Map());
        const { length, 0: first } = history.samples;
        console.log(JSON.stringify([length, first.at]));"""
    )
    assert found == [151, 598]
