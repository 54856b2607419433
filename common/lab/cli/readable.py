"""Log lines that are JSON objects, made readable: when, how bad, what, and the rest by name."""

import json
from typing import Any

import click

_FIRST = ("time", "timestamp", "level", "event")
_COLOURS = {"warning": "yellow", "error": "red", "critical": "red"}
_CLOCK = slice(len("2026-11-23T"), len("2026-11-23T21:00:00.123"))


def readable(text: str) -> str:
    """Return a line as a person reads it; what is no JSON object with an event stays as it is."""
    if not text.startswith("{"):
        return text
    try:
        fields = json.loads(text)
    except ValueError:
        return text
    if not isinstance(fields.get("event"), str):
        return text
    return "\n".join([_line(fields), *_causes(fields.get("exception"))])


def _line(fields: dict[str, Any]) -> str:
    level = str(fields.get("level", ""))
    time = str(fields.get("time", fields.get("timestamp", "")))[_CLOCK]
    event = click.style(_printable(fields["event"]), bold=True, fg=_COLOURS.get(level))
    pairs = [
        f"{click.style(_printable(name) + '=', dim=True)}{_value(value)}"
        for name, value in fields.items()
        if name not in _FIRST and name != "exception" and value is not None
    ]
    return " ".join([time, f"{_printable(level):<7}", event, *pairs])


def _value(value: object) -> str:
    if isinstance(value, str) and value.isprintable() and value and " " not in value:
        return value
    return json.dumps(value, ensure_ascii=True)


def _printable(word: str) -> str:
    return word if word.isprintable() else json.dumps(word)


def _causes(told: object) -> list[str]:
    """Return exceptions with their frames, indented as a traceback is."""
    lines = []
    for one in told if isinstance(told, list) else []:
        if isinstance(one, dict):
            lines += [f"    {_value(frame)}" for frame in one.get("frames") or ()]
            lines.append(f"  {one.get('type')}: {_value(one.get('message', ''))}")
    return lines
