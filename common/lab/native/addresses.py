"""Which loopback port stands for which port of which process."""

from collections.abc import Mapping, Sequence

from lab.compose.model import Port
from lab.errors import RefusedError
from lab.native.ports import PortChooser


class Addresses:
    """Settles ports as they are met.

    `replicas` names the processes of each service, `main` is the port of the front door.
    """

    def __init__(
        self, replicas: Mapping[str, Sequence[str]], chooser: PortChooser, main: int
    ) -> None:
        self.replicas = replicas
        self.main_port: int | None = None
        self._chooser = chooser
        self._main = main
        self._ports: dict[tuple[str, int], int] = {}

    def publish(self, process: str, port: Port) -> None:
        """Settle a published port; the first one becomes the front door if none is preferred."""
        self._ports[process, port.target] = self._published(port.published)

    def settle_front_door(self) -> None:
        """Call it once everything is published."""
        if self.main_port is None:
            self.main_port = next(iter(self._ports.values()), None)

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
        if key not in self._ports and port in self._ports.values():
            return port  # already an address of this machine
        if key not in self._ports:
            self._ports[key] = self._chooser.any()
        return self._ports[key]

    def of_process(self, process: str) -> dict[int, int]:
        """Return port → loopback port for what has been settled of a process."""
        return {port: here for (name, port), here in self._ports.items() if name == process}

    def _published(self, wish: int | None) -> int:
        if wish == self._main and self.main_port is None:
            self.main_port = self._main
            return self._main
        return self._chooser.any() if wish is None else self._chooser.at_or_after(wish)
