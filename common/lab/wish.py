"""What a person can ask for when a phase starts, beyond what its compose.yaml says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.scale import Scale


@dataclass(frozen=True)
class Wish:
    """How many of a service are to run, and which profiles; () means the file's own."""

    scale: Scale = field(default_factory=dict)
    profiles: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {"scale": dict(self.scale), "profiles": self.profiles}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Wish":
        """Undo to_json."""
        return cls(value["scale"], tuple(value["profiles"]))


AS_WRITTEN = Wish()
