"""From a compose.yaml to a Topology; what is not understood is refused by name and place."""

import os
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from lab.compose.dotenv import DotenvError, parse_dotenv
from lab.compose.interpolate import InterpolationError, interpolate
from lab.compose.model import Service, Topology
from lab.compose.section import Section, refuse, text
from lab.compose.service import Context, parse_service
from lab.compose.yamlfile import Location, load_yaml
from lab.errors import RefusedError

FILE_NAME = "compose.yaml"


def load(directory: Path, overrides: Mapping[str, str] | None = None) -> Topology:
    """Read directory/compose.yaml.

    Variables come from overrides, then the caller's environment, then directory/.env.
    Raises RefusedError.
    """
    file = directory / FILE_NAME
    variables = compose_variables(directory, overrides or {})
    raw, where = load_yaml(file)
    warnings: list[str] = []
    tree = _interpolate(raw, where, variables, warnings)
    top = Section(tree, where)
    top.skip(())
    name = text(*top.take("name")) if isinstance(raw, dict) and "name" in raw else directory.name
    volumes = _volumes(*top.take("volumes"))
    context = Context(file, variables, volumes)
    services = _services(*top.take("services"), context)
    top.done()
    return Topology(file, name, _in_order(services, where), volumes, tuple(warnings))


def compose_variables(directory: Path, overrides: Mapping[str, str]) -> dict[str, str]:
    """Return what `${…}` may refer to."""
    outer = {**os.environ, **overrides}
    file = directory / ".env"
    if not file.is_file():
        return outer
    try:
        return {**parse_dotenv(file.read_text(encoding="utf-8"), outer), **outer}
    except DotenvError as error:
        raise RefusedError(f"{file}: {error}") from None


def _interpolate(
    value: object, where: Location, variables: Mapping[str, str], warnings: list[str]
) -> object:
    if isinstance(value, dict):
        return {
            key: _interpolate(item, where.key(str(key)), variables, warnings)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            _interpolate(item, where.item(index), variables, warnings)
            for index, item in enumerate(value)
        ]
    if not isinstance(value, str):
        return value

    def on_unset(name: str) -> None:
        warnings.append(f"{where}: the variable {name} is not set; it is taken as empty")

    try:
        return interpolate(value, variables, on_unset)
    except InterpolationError as error:
        raise refuse(where, str(error)) from None


def _volumes(value: object, where: Location) -> tuple[str, ...]:
    names = []
    for name, options, place in Section(value, where).items():
        Section(options, place).done()  # drivers and external volumes are Docker's
        names.append(name)
    return tuple(names)


def _services(value: object, where: Location, context: Context) -> dict[str, Service]:
    services = {
        name: parse_service(name, options, place, context)
        for name, options, place in Section(value, where).items()
    }
    if not services:
        raise refuse(where, "there are no services")
    for name, service in services.items():
        for other in service.depends_on:
            if other not in services:
                place = where.key(name).key("depends_on")
                raise refuse(place, f"there is no service {other!r} in this file")
    return services


def _in_order(services: dict[str, Service], where: Location) -> dict[str, Service]:
    graph = {name: tuple(service.depends_on) for name, service in services.items()}
    try:
        return {name: services[name] for name in TopologicalSorter(graph).static_order()}
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise refuse(where.key("services"), f"depends_on goes in a circle: {circle}") from None
