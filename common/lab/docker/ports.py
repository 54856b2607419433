"""Published ports: moved to free ones where others hold them, as the native engine does."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.native.ports import PortChooser


@dataclass(frozen=True)
class Published:
    """Where a system answers; override is a compose file that moves ports, None if none moved."""

    main: int | None
    override: str | None


def settle(config: Mapping[str, Any], chooser: PortChooser, main: int) -> Published:
    """Choose a free port for each that a compose file publishes; `main` is chosen already."""
    first: int | None = None
    has_main = False
    moved: dict[str, list[str]] = {}
    for name, service in config["services"].items():
        wishes = [_number(port) for port in service.get("ports", ())]
        settled = [
            wish if wish == main or isinstance(wish, str) else _settle(chooser, wish)
            for wish in wishes
        ]
        has_main = has_main or main in settled
        first = first or next((one for one in settled if isinstance(one, int)), None)
        if settled != wishes:
            targets = [port["target"] for port in service["ports"]]
            pairs = zip(settled, targets, strict=True)
            moved[name] = [f"127.0.0.1:{here}:{target}" for here, target in pairs]
    return Published(main if has_main else first, _override(moved) if moved else None)


def _settle(chooser: PortChooser, wish: int | None) -> int:
    return chooser.any() if wish is None else chooser.at_or_after(wish)


def _number(port: Mapping[str, Any]) -> int | str | None:
    """Return the wish; a range as it is: of that Docker itself takes what is free."""
    published = port.get("published")
    if published and "-" in published:
        return str(published)
    return int(published) if published and published.isdecimal() else None


def _override(moved: Mapping[str, list[str]]) -> str:
    """Return a compose file; JSON is YAML, but for Compose's own tag `!override`."""
    lines = ["services:"]
    for service, ports in moved.items():
        lines += [f"  {service}:", f"    ports: !override {json.dumps(ports)}"]
    return "\n".join(lines) + "\n"


def write_override(file: Path, published: Published) -> list[Path]:
    """Write the override if there is one; returns the files to add to the phase's own."""
    if published.override is None:
        file.unlink(missing_ok=True)
        return []
    file.write_text(published.override, encoding="utf-8")
    return [file]
