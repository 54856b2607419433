"""The images `prom/prometheus` and `prom/alertmanager`: Debian's packages of them."""

from collections.abc import Callable, Sequence

from lab.native.adapters.adapter import Launch, Program, Server, find_server


class _Prom:
    """What the two have in common; see lab.native.adapters.adapter.Adapter."""

    image: str
    package: str
    units: Sequence[str]
    home: str
    volumes: Sequence[str]
    listed: Sequence[str] = ()
    stop_signal = "SIGTERM"
    product: str
    programs: dict[str, str]  # name in the image -> name here
    usual: tuple[str, ...]  # the image's own command
    port: int
    silent: tuple[str, ...] = ()  # what else is told, so that it listens nowhere else

    def find(self) -> Server | None:
        """Look on the PATH."""
        return find_server(self.product, self.programs)

    def launch(self, server: Server, command: Sequence[str], port: Callable[[int], int]) -> Launch:
        """Start the server with the command's options, listening on loopback alone."""
        name = next(iter(self.programs))
        silent = [one for one in self.silent if one not in command]  # no option may come twice
        listen = (f"--web.listen-address=127.0.0.1:{port(self.port)}", *silent)
        programs = {one: Program(server.programs[one]) for one in self.programs}
        programs[name] = Program(server.programs[name], after=listen)
        return Launch((name, *(tuple(command) or self.usual)), programs)


class Prometheus(_Prom):
    """Scrapes, keeps and answers questions; with promtool."""

    image = "prom/prometheus"
    package = "prometheus"
    units: Sequence[str] = ("prometheus.service",)
    home = "/prometheus"
    volumes: Sequence[str] = ("/prometheus",)
    product = "Prometheus"
    programs = {"prometheus": "prometheus", "promtool": "promtool"}  # noqa: RUF012
    usual = ("--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus")
    port = 9090


class Alertmanager(_Prom):
    """Groups alerts and passes them on; with amtool. It never looks for others of its kind."""

    image = "prom/alertmanager"
    package = "prometheus-alertmanager"
    units: Sequence[str] = ("prometheus-alertmanager.service",)
    home = "/alertmanager"
    volumes: Sequence[str] = ("/alertmanager",)
    product = "Alertmanager"
    programs = {"alertmanager": "prometheus-alertmanager", "amtool": "amtool"}  # noqa: RUF012
    usual = (
        "--config.file=/etc/alertmanager/alertmanager.yml",
        "--storage.path=/alertmanager",
    )
    port = 9093
    silent = ("--cluster.listen-address=",)
