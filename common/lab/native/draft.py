"""One process in the making."""

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from lab.compose.model import HealthCheck, Service
from lab.errors import RefusedError
from lab.instance import Instance
from lab.native.addresses import Addresses
from lab.native.image import Image, image_of
from lab.native.places import find_places
from lab.native.plan import MARK, File, ProcessPlan
from lab.native.render import render, texts
from lab.native.rewrite import Rewriter
from lab.paths import VENV

_STOP_SIGNAL = "SIGTERM"
_PASSED_ON = ("HOME", "LANG", "PATH")
_PRIVATE, _PRIVATE_PROGRAM = 0o600, 0o700


class Draft:
    """Rewrites a service at once; `finish` it when all ports that others give it are known."""

    def __init__(
        self, service: Service, name: str, instance: Instance, addresses: Addresses
    ) -> None:
        self._service = service
        self._name = name
        self._own = instance.tmp / name
        self._addresses = addresses
        self._image = image_of(service)
        declared = self._image.adapter.volumes if self._image else ()
        self._places = find_places(service, instance, self._own, declared)
        self._rewrite = Rewriter(
            name,
            addresses.replicas,
            self._places.paths,
            partial(addresses.reached_from, name),
            partial(addresses.is_outside, name),
        )
        self._refuse_portless()
        self._settle_own_ports()
        self._files = list(self._rendered())
        self._environment = {
            **_base_environment(),
            "TMPDIR": str(self._scratch),
            MARK: str(instance.directory),
            **{key: self._rewrite(value) for key, value in service.environment.items()},
        }
        self._argv = [self._rewrite(part) for part in service.command]
        if self._image is None:
            self._refuse_unheard_port()
        else:
            self._launch(self._image)
        self._cwd = self._find_cwd()
        self._probe = _probe(service.healthcheck, self._rewrite)

    def finish(self) -> ProcessPlan:
        """Return it with the ports that are known by now."""
        return ProcessPlan(
            service=self._service.name,
            argv=self._argv,
            environment=self._environment,
            cwd=str(self._cwd),
            ports=self._addresses.of_process(self._name),
            directories=[str(path) for path in self._places.made],
            throwaway=[str(path) for path in (*self._places.throwaway, self._scratch)],
            files=self._files,
            secrets=self._places.secrets,
            probe=self._probe,
            stop_signal=self._stop_signal,
        )

    @property
    def _stop_signal(self) -> str:
        by_image = self._image.adapter.stop_signal if self._image else _STOP_SIGNAL
        return self._service.stop_signal or by_image

    @property
    def _scratch(self) -> Path:
        return self._own / "tmp"

    def _rendered(self) -> Iterator[File]:
        """Yield the rewritten copies of what x-lab.render names."""
        for mount in self._service.mounts:
            if mount.host is None or mount.target not in self._service.render:
                continue
            for below, text in texts(mount.host):
                copy = self._places.paths[mount.target] / below
                rewritten = render(text, self._rewrite, self._addresses.replicas)
                yield File(str(copy), rewritten, _PRIVATE)

    def _launch(self, image: Image) -> None:
        """Do what the image's entrypoint does, and put its programs on the PATH."""
        asked: set[int] = set()

        def port(number: int) -> int:
            asked.add(number)
            return self._addresses.port_of(self._name, number)

        launch = image.adapter.launch(image.server, self._argv, port)
        asked |= {port for text in self._originals() for port in self._rewrite.listens_on(text)}
        for published in self._service.ports:
            if published.target not in asked:
                raise RefusedError(
                    f"service {self._service.name!r} publishes port {published.target}, on which "
                    f"{self._service.image} does not listen"
                )
        programs = self._own / "bin"
        self._files += [
            File(str(programs / name), program.script(), _PRIVATE_PROGRAM)
            for name, program in launch.programs.items()
        ]
        self._argv = list(launch.argv)
        for key, value in launch.environment.items():
            self._environment.setdefault(key, self._rewrite(value))
        self._environment["PATH"] = f"{programs}:{self._environment['PATH']}"

    def _find_cwd(self) -> Path:
        wish = self._service.working_dir or (self._image.adapter.home if self._image else "")
        if not wish.startswith("/"):
            assert self._service.context is not None  # noqa: S101 - an image's home is absolute
            return self._service.context / wish
        found = self._places.find(wish)
        if found is None:
            raise RefusedError(
                f"service {self._service.name!r}: working_dir {wish} lies in the image; the native "
                "engine can use one that is mounted, that x-lab.copies of its build names, or "
                "that is relative to the build context"
            )
        return found

    def _refuse_portless(self) -> None:
        service = self._service
        for place, value in [
            *service.environment.items(),
            *(("command", part) for part in service.command),
        ]:
            host = self._rewrite.portless(value)
            if host is not None:
                raise RefusedError(
                    f"service {service.name!r}: {place} names {host!r} without a port; "
                    f"write it out, like {host}:8000"
                )

    def _settle_own_ports(self) -> None:
        """Settle what it listens on first: `127.0.0.1:8000` may be that, or this machine's."""
        for text in self._told():
            for port in self._rewrite.listens_on(text):
                self._addresses.port_of(self._name, port)

    def _refuse_unheard_port(self) -> None:
        """Refuse a published port that the process is not told about: it cannot be moved."""
        service = self._service
        for port in service.ports:
            if not any(f":{port.target}" in text for text in self._told()):
                raise RefusedError(
                    f"service {service.name!r} publishes port {port.target}, but neither its "
                    f"environment nor its command says 0.0.0.0:{port.target}, so it cannot be "
                    "told to listen elsewhere"
                )

    def _told(self) -> Iterator[str]:
        yield from self._service.environment.values()
        yield from self._service.command
        yield from self._originals()

    def _originals(self) -> Iterator[str]:
        """Yield the texts of what x-lab.render names, as they stand."""
        for mount in self._service.mounts:
            if mount.host is not None and mount.target in self._service.render:
                yield from (text for _, text in texts(mount.host))


def _probe(check: HealthCheck | None, rewrite: Rewriter) -> list[str]:
    if check is None:
        return []
    test: Sequence[str] = [rewrite(part) for part in check.test]
    return ["/bin/sh", "-c", *test] if check.shell else list(test)


def _base_environment() -> dict[str, str]:
    """Return what every service gets; nothing else of the caller's environment reaches it."""
    environment = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    environment.setdefault("LANG", "C.UTF-8")
    environment["PATH"] = f"{VENV / 'bin'}:{environment.get('PATH', os.defpath)}"
    environment["PYTHONUNBUFFERED"] = "1"
    return environment
