"""What services of one file say about each other: builds that they share, who waits for whom."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from lab.compose.model import Condition, RestartMode, Service
from lab.compose.section import refuse
from lab.compose.yamlfile import Location

_WITHOUT_END = (RestartMode.ALWAYS, RestartMode.UNLESS_STOPPED)


def related(services: Mapping[str, Service], where: Location) -> dict[str, Service]:
    """Return the services, each with the build of its image. Raises RefusedError."""
    result = dict(_built(services, where))
    for name, service in result.items():
        if service.build is not None and not service.command:
            place = where.key(name)
            raise refuse(place, "name its command here; a Dockerfile's CMD is not read natively")
        for other, condition in service.depends_on.items():
            place = where.key(name).key("depends_on")
            if other not in result:
                raise refuse(place, f"there is no service {other!r} in this file")
            _refuse_vain(result[other], condition, place.key(other))
    return result


def _built(services: Mapping[str, Service], where: Location) -> Iterator[tuple[str, Service]]:
    """Yield the services; those that name an image which another one builds have its build."""
    builders: dict[str, Service] = {}
    for service in services.values():
        if service.build is None or service.image is None:
            continue
        first = builders.setdefault(service.image, service)
        if first.build != service.build:
            raise refuse(
                where.key(service.name).key("build"),
                f"the image {service.image} is built otherwise by the service {first.name!r}; "
                "give it another name, or both the same build",
            )
    for name, service in services.items():
        builder = builders.get(service.image or "")
        build = builder.build if builder and service.build is None else service.build
        yield name, replace(service, build=build)


def _refuse_vain(other: Service, condition: Condition, where: Location) -> None:
    """Refuse to wait for what cannot come about."""
    if condition is Condition.HEALTHY and other.healthcheck is None:
        raise refuse(where, f"the service {other.name!r} has no healthcheck to wait for")
    if condition is Condition.COMPLETED and other.restart.mode in _WITHOUT_END:
        raise refuse(
            where, f"the service {other.name!r} never completes: restart: {other.restart.mode}"
        )


def in_order(services: Mapping[str, Service], where: Location) -> dict[str, Service]:
    """Return each service behind those that it depends on."""
    graph = {name: tuple(service.depends_on) for name, service in services.items()}
    try:
        return {name: services[name] for name in TopologicalSorter(graph).static_order()}
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise refuse(where.key("services"), f"depends_on goes in a circle: {circle}") from None
