"""Which loopback port stands for which port of which process."""

from collections.abc import Mapping, Sequence

from lab.compose.model import Port, Service
from lab.errors import RefusedError
from lab.native.ports import PortChooser


class Addresses:
    """Settles ports as they are met.

    `replicas` names the processes of each of the services, `main` is the port of the front door.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        replicas: Mapping[str, Sequence[str]],
        chooser: PortChooser,
        main: int,
    ) -> None:
        self.replicas = replicas
        self._services = services
        self._service_of = {one: name for name, several in replicas.items() for one in several}
        self.main_port: int | None = None
        self._chooser = chooser
        self._main = main
        self._ports: dict[tuple[str, int], int] = {}
        self._outside: set[int] = set()

    def publish(self, process: str, port: Port) -> None:
        """Settle a published port; the first one becomes the front door if none is preferred."""
        here = self._ports[process, port.target] = self._published(port.published)
        self._outside.add(here)

    def settle_front_door(self) -> None:
        """Call it once everything is published."""
        if self.main_port is None:
            self.main_port = next(iter(self._ports.values()), None)

    def reached_from(self, process: str, owner: str, port: int) -> int:
        """Return what `port_of` does, if both have a network in common."""
        asking, asked = (self._service(name) for name in (process, owner))
        if not {*asking.networks} & {*asked.networks}:
            raise RefusedError(
                f"service {asking.name!r} names {asked.name}:{port}, but has no network in common "
                f"with it: {', '.join(asking.networks)}; {', '.join(asked.networks)}"
            )
        return self.port_of(owner, port)

    def _service(self, name: str) -> Service:
        """Return the service that a name in an address or of a process means."""
        return self._services[name if name in self._services else self._service_of[name]]

    def port_of(self, owner: str, port: int) -> int:
        """Return the loopback port for a port of a process, or of a service that has only one."""
        processes = self.replicas.get(owner, [owner])
        if len(processes) > 1:
            raise RefusedError(
                f"{owner} runs {len(processes)} times, so {owner}:{port} is no one address "
                "natively; it can stand in configuration files that x-lab.render names",
                "run one of it, or run it with --docker",
            )
        key = (processes[0], port)
        if key not in self._ports:
            self._ports[key] = self._chooser.any()
        return self._ports[key]

    def is_outside(self, process: str, port: int) -> bool:
        """Tell whether a process that names this port of loopback means this machine's.

        It does so where a browser is to be sent: `http://localhost:${CHAT_PORT}`.
        """
        return (process, port) not in self._ports and port in self._outside

    def of_process(self, process: str) -> dict[int, int]:
        """Return port → loopback port for what has been settled of a process."""
        return {port: here for (name, port), here in self._ports.items() if name == process}

    def _published(self, wish: int | None) -> int:
        if wish == self._main and self.main_port is None:
            self.main_port = self._main
            return self._main
        return self._chooser.any() if wish is None else self._chooser.at_or_after(wish)
