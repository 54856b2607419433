"""`profiles`: services that start only when they are asked for, with Compose's own rules."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from lab.compose.model import Service, Topology
from lab.errors import RefusedError, UsageError

EVERY = "*"
VARIABLE = "COMPOSE_PROFILES"


def choose(
    asked: Sequence[str],
    variants: Sequence[str],
    used: Sequence[str],
    variables: Mapping[str, str],
) -> tuple[str, ...]:
    """Return what is asked for, else what COMPOSE_PROFILES says, else the first variant.

    `variants` are x-lab.profiles, `used` those that services carry. Raises UsageError for one
    that is none of them.
    """
    known = sorted({*variants, *used})
    for profile in asked:
        if profile not in (*known, EVERY):
            raise UsageError(
                f"--profile {profile}: there is no profile {profile!r}",
                f"there is: {', '.join(known) or 'none in this compose.yaml'}",
            )
    set_ = [word.strip() for word in variables.get(VARIABLE, "").split(",") if word.strip()]
    return tuple(asked) or tuple(set_) or tuple(variants[:1])


def active(topology: Topology, chosen: Collection[str]) -> Topology:
    """Return the topology without the services that nobody has asked for.

    Raises RefusedError where one that is to start cannot do without one that is not.
    """
    services = {
        name: service
        for name, service in topology.services.items()
        if not service.profiles or EVERY in chosen or {*service.profiles} & {*chosen}
    }
    if not services:
        raise RefusedError(
            f"no service of {topology.file} starts without a profile", "name one: --profile NAME"
        )
    kept = {name: _without_missing(one, topology, services) for name, one in services.items()}
    return replace(topology, services=kept)


def _without_missing(service: Service, topology: Topology, services: Collection[str]) -> Service:
    for other in service.depends_on:
        if other not in services and other not in service.optional:
            names = " or ".join(topology.services[other].profiles)
            raise RefusedError(
                f"service {service.name!r} depends on {other!r}, which starts with the profile "
                f"{names} only",
                f"ask for it (--profile {names}), or say `required: false` there",
            )
    needs = {other: what for other, what in service.depends_on.items() if other in services}
    return replace(service, depends_on=needs)
