"""From a topology to a plan."""

import contextlib
import fcntl
from collections.abc import Iterator

from lab import secrets
from lab.compose.front import MAIN_PORT, wanted_port
from lab.compose.model import Topology
from lab.compose.parse import load_native
from lab.errors import RefusedError
from lab.instance import PLAN_FILE, Instance, directories
from lab.native.addresses import Addresses
from lab.native.draft import Draft
from lab.native.plan import Plan
from lab.native.ports import PortChooser
from lab.paths import STATE
from lab.scale import Scale, refuse_published
from lab.wish import AS_WRITTEN, Wish


def make_plan(
    instance: Instance, wish: Wish = AS_WRITTEN, avoid: frozenset[int] = frozenset()
) -> tuple[Topology, Plan]:
    """Read the phase's compose.yaml and settle everything; makes secrets, writes plan.json.

    Ports in avoid, and those of other instances of this checkout, are not used. Raises
    RefusedError, UsageError.
    """
    with _port_choice():
        chooser = PortChooser(avoid | _ports_of_others(instance))
        main = chooser.at_or_after(wanted_port(instance.phase.directory, instance.phase.port))
        topology = load_native(instance.phase.directory, {MAIN_PORT: str(main)}, wish.profiles)
        plan = _plan(instance, topology, wish, chooser, main)
        secrets.make(instance, topology.secrets)
        instance.write(PLAN_FILE, plan.to_json())
    return topology, plan


def check(instance: Instance, wish: Wish = AS_WRITTEN) -> Topology:
    """Read the compose.yaml and refuse what cannot run natively; changes nothing."""
    port = instance.phase.port
    topology = load_native(instance.phase.directory, {MAIN_PORT: str(port)}, wish.profiles)
    _plan(instance, topology, wish, PortChooser({port}), port)
    return topology


def _plan(
    instance: Instance, topology: Topology, wish: Wish, chooser: PortChooser, main: int
) -> Plan:
    """Settle published ports first, then everything that mentions an address."""
    replicas = _replicas(topology, wish.scale)
    addresses = Addresses(topology.services, replicas, chooser, main)
    for name, service in topology.services.items():
        for process in replicas[name]:
            for port in service.ports:
                addresses.publish(process, port)
    addresses.settle_front_door()
    drafts = {
        process: Draft(service, process, instance, addresses)
        for name, service in topology.services.items()
        for process in replicas[name]
    }
    return Plan(addresses.main_port, {name: draft.finish() for name, draft in drafts.items()})


def _replicas(topology: Topology, scale: Scale) -> dict[str, list[str]]:
    """Name the processes of each service: after it, numbered if there are several."""
    replicas = {}
    for name in scale.keys() - topology.services.keys():
        raise RefusedError(f"there is no service {name!r} here that could run {scale[name]} times")
    for name, service in topology.services.items():
        number = scale.get(name, service.replicas)
        refuse_published(name, number, topology)
        several = [f"{name}-{one}" for one in range(1, number + 1)]
        for other in set(several) & topology.services.keys() if number > 1 else ():
            raise RefusedError(f"a replica of {name} would have the name of the service {other}")
        replicas[name] = several if number > 1 else [name]
    return replicas


@contextlib.contextmanager
def _port_choice() -> Iterator[None]:
    """Let instances choose their ports one after the other."""
    STATE.mkdir(exist_ok=True)
    with (STATE / "ports.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _ports_of_others(instance: Instance) -> set[int]:
    taken: set[int] = set()
    for directory in directories():
        other = Instance(instance.phase, directory)
        raw = other.read(PLAN_FILE) if directory != instance.directory else None
        if raw is not None and other.is_running():
            taken |= Plan.from_json(raw).ports()
    return taken
