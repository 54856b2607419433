"""Writes every dashboard where Grafana looks for them."""

from collections.abc import Iterator
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from monitoring.dashboards import objectives, overview, pipeline, service
from monitoring.dashboards.drawing import dashboard

TARGET = Path(__file__).parents[1] / "grafana" / "dashboards"


def dashboards() -> dict[str, Dashboard]:
    """Return all, by name."""
    return {
        "overview": dashboard("chat-overview", "Chat: overview", overview.ROWS),
        "service": dashboard("chat-service", "Chat: one service", service.ROWS, service.VARIABLE),
        "pipeline": dashboard("chat-pipeline", "Chat: a message's way", pipeline.ROWS),
        "objectives": dashboard("chat-objectives", "Chat: objectives", objectives.ROWS),
    }


def files() -> Iterator[tuple[Path, str]]:
    """Yield each file, and what it should hold."""
    for name, made in dashboards().items():
        encoder = JSONEncoder(sort_keys=True)  # one line: nobody is to read or to edit it
        yield TARGET / f"{name}.json", encoder.encode(made.build()) + "\n"


if __name__ == "__main__":
    for file, text in files():
        file.write_text(text, encoding="utf-8")
