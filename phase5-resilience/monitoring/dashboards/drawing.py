"""From a list of panels to a dashboard, with grafana-foundation-sdk: all panels look alike."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders.common import VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink, QueryVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    VariableRefresh,
)

SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
WIDTH, HEIGHT = 8, 7
"""Of a panel, in Grafana's grid of 24 columns: three in a row."""


class Panel(NamedTuple):
    """A drawing: its unit as Grafana calls it, and legend → PromQL."""

    title: str
    unit: str
    queries: Mapping[str, str]


Rows = Mapping[str, Sequence[Panel]]
"""Headings, and what stands below each."""


def dashboard(
    uid: str, title: str, rows: Rows, variable: tuple[str, str] | None = None
) -> Dashboard:
    """Return a dashboard; `variable` is one that its reader chooses: a name, and where from."""
    made = (
        Dashboard(title)
        .uid(uid)
        .tags(["chat"])
        .readonly()
        .refresh("10s")
        .time("now-30m", "now")
        .link(DashboardLink("Others").type(DashboardLinkType.DASHBOARDS).tags(["chat"]))
    )
    if variable is not None:
        name, values = variable
        chosen = QueryVariable(name).query(values).datasource(SOURCE)
        made.with_variable(chosen.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED))
    for heading, panels in rows.items():
        made.with_row(Row(heading))
        for panel in panels:
            made.with_panel(_drawn(panel))
    return made


def _drawn(panel: Panel) -> Timeseries:
    legend = VizLegendOptions().show_legend(show_legend=True).placement(LegendPlacement.BOTTOM)
    drawn = (
        Timeseries()
        .title(panel.title)
        .unit(panel.unit)
        .min(0)
        .span(WIDTH)
        .height(HEIGHT)
        .datasource(SOURCE)
        .legend(legend.display_mode(LegendDisplayMode.LIST))
    )
    for letter, (shown, expression) in zip("ABCDEF", panel.queries.items(), strict=False):
        drawn.with_target(Dataquery().ref_id(letter).expr(expression).legend_format(shown))
    return drawn
