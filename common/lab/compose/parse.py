"""From a compose.yaml to a Topology; what is not understood is refused by name and place."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.compose import networks, secrets
from lab.compose.dotenv import DotenvError, parse_dotenv
from lab.compose.interpolate import InterpolationError, interpolate
from lab.compose.merge import merged, plain
from lab.compose.model import Service, Topology
from lab.compose.profiles import active, choose
from lab.compose.relations import in_order, related
from lab.compose.section import Section, listing, refuse, text
from lab.compose.service import Context, parse_service
from lab.compose.yamlfile import Location, Replaced, load_yaml
from lab.errors import RefusedError

FILE_NAME = "compose.yaml"
NATIVE_FILE_NAME = "compose.native.yaml"
"""Merged over compose.yaml by the native engine, and by nobody else."""


def load(directory: Path, overrides: Mapping[str, str] | None = None) -> Topology:
    """Read directory/compose.yaml, with the services of all profiles.

    Variables come from overrides, then the caller's environment, then directory/.env.
    Raises RefusedError.
    """
    return _load([directory / FILE_NAME], compose_variables(directory, overrides or {}))


def load_native(
    directory: Path, overrides: Mapping[str, str] | None = None, profiles: Sequence[str] = ()
) -> Topology:
    """Read what the native engine is to run, with compose.native.yaml if it is there.

    Of services with profiles only those that are asked for are in it. Raises RefusedError,
    UsageError for a profile that the file does not have.
    """
    variables = compose_variables(directory, overrides or {})
    files = [directory / FILE_NAME, directory / NATIVE_FILE_NAME]
    topology = _load([file for file in files if file == files[0] or file.is_file()], variables)
    known = [profile for one in topology.services.values() for profile in one.profiles]
    return active(topology, choose(profiles, topology.profiles, known, variables))


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


def read(
    files: Sequence[Path], variables: Mapping[str, str], warnings: list[str]
) -> tuple[object, Location]:
    """Read files, the later ones over the first, with variables filled in; adds to warnings."""
    (tree, where), *others = [
        (_interpolate(raw, place, variables, warnings), place)
        for raw, place in map(load_yaml, files)
    ]
    for over, place in others:
        tree, where = merged(tree, where, over, place)
    return plain(tree), where


def _load(files: Sequence[Path], variables: Mapping[str, str]) -> Topology:
    warnings: list[str] = []
    tree, where = read(files, variables, warnings)
    directory = files[0].parent
    top = Section(tree, where)
    top.skip(())
    name, name_place = top.take("name")
    volumes = _volumes(*top.take("volumes"))
    known_secrets = tuple(secrets.declared(*top.take("secrets"), directory))
    context = Context(
        directory,
        variables,
        volumes,
        networks.declared(*top.take("networks")),
        {secret.name: secret for secret in known_secrets},
    )
    services = _services(*top.take("services"), context)
    profiles = _profiles(*top.take("x-lab"))
    top.done()
    return Topology(
        files[0],
        directory.name if name is None else text(name, name_place),
        in_order(services, where),
        volumes,
        known_secrets,
        profiles,
        tuple(warnings),
    )


def _interpolate(
    value: object, where: Location, variables: Mapping[str, str], warnings: list[str]
) -> object:
    if isinstance(value, Replaced):
        return Replaced(_interpolate(value.value, where, variables, warnings))
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
    return related(services, where)


def _profiles(value: object, where: Location) -> tuple[str, ...]:
    """Read the variants of the whole file, which Docker Compose does not know."""
    section = Section(value, where)
    raw, place = section.take("profiles")
    section.done()
    return tuple(text(*item) for item in listing(raw, place))
