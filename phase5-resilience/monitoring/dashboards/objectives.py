"""What is promised, and how much of what may go wrong has gone wrong."""

from monitoring.dashboards.drawing import Panel, Rows


def _burning(window: str) -> str:
    return f"slo:bad:ratio_{window} / on (slo) (1 - slo:objective)"


ROWS: Rows = {
    "How fast budgets burn: 1 spends them in 30 days; 14.4 for an hour wakes somebody": [
        Panel("Over 5 minutes", "short", {"{{slo}}": _burning("5m")}),
        Panel("Over an hour", "short", {"{{slo}}": _burning("1h")}),
        Panel("Over 6 hours", "short", {"{{slo}}": _burning("6h")}),
    ],
    "What it is reckoned from": [
        Panel("Events", "ops", {"{{slo}}": "slo:all:rate1m"}),
        Panel("Bad events", "ops", {"{{slo}}": "slo:bad:rate1m"}),
        Panel("Bad, over 3 days", "percentunit", {"{{slo}}": "slo:bad:ratio_3d"}),
    ],
}
