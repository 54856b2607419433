"""`networks`: without effect natively, but whoever shares none cannot reach the other by name."""

from collections.abc import Sequence

from lab.compose.model import DEFAULT_NETWORK
from lab.compose.section import Section, listing, refuse, text
from lab.compose.yamlfile import Location

IGNORED = ("driver", "driver_opts", "internal", "labels", "name")


def declared(value: object, where: Location) -> tuple[str, ...]:
    """Read the names at the top of the file; `default` needs no declaration."""
    names = [DEFAULT_NETWORK]
    for name, options, place in Section(value, where).items():
        section = Section(options, place)
        section.skip(IGNORED)
        section.done()
        names.append(name)
    return tuple(dict.fromkeys(names))


def joined(value: object, where: Location, known: Sequence[str]) -> tuple[str, ...]:
    """Read those of one service, a list or a mapping to nothing."""
    if value is None:
        return (DEFAULT_NETWORK,)
    if isinstance(value, list):
        names = [(text(item, place), place) for item, place in listing(value, where)]
    else:
        names = []
        for name, options, place in Section(value, where).items():
            Section(options, place).done()  # aliases and fixed addresses need a name server
            names.append((name, place))
    for name, place in names:
        if name not in known:
            raise refuse(place, f"the network {name!r} is not declared under `networks:`")
    if not names:
        raise refuse(where, "name at least one network, or leave the key out")
    return tuple(dict.fromkeys(name for name, _ in names))
