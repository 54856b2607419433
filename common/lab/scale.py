"""`--scale SERVICE=N`: how many of a service are to run."""

from collections.abc import Mapping, Sequence

from lab.compose.model import Topology
from lab.errors import RefusedError, UsageError

Scale = Mapping[str, int]


def read_scale(words: Sequence[str], topology: Topology) -> Scale:
    """Return service → number. Raises UsageError, and RefusedError for what cannot be scaled."""
    scale: dict[str, int] = {}
    for word in words:
        name, _, number = word.partition("=")
        if not number.isdecimal() or int(number) < 1:
            raise UsageError(f"--scale {word}: expected SERVICE=N with N of 1 or more")
        if name not in topology.services:
            raise UsageError(
                f"--scale {word}: there is no service {name!r}",
                f"there is: {', '.join(topology.services)}",
            )
        scale[name] = int(number)
        refuse_published(name, int(number), topology)
    return scale


def refuse_published(name: str, number: int, topology: Topology) -> None:
    """Raise RefusedError if a service that publishes a port is to run more than once."""
    ports = [port for port in topology.services[name].ports if not port.is_range]
    if number == 1 or not ports:
        return
    others = [
        other
        for other, service in topology.services.items()
        if all(port.is_range for port in service.ports)
    ]
    raise RefusedError(
        f"{name} cannot run {number} times: compose.yaml publishes its port {ports[0].target} on "
        "one port of this machine, which only one of them could hold",
        f"what can be scaled here: {', '.join(others) or 'nothing; it takes a gateway in front'}",
    )
