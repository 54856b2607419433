"""Getting servers that are not here: packages of Debian or Ubuntu, jars of Maven Central."""

import shutil

from lab.bootstrap import BootstrapError, apt_install, root_prefix, say, step
from lab.compose.model import Topology
from lab.errors import LabError
from lab.native.adapters.adapter import Adapter
from lab.native.image import needed
from lab.native.jvm import WithJars
from lab.native.maven import fetch
from lab.native.units import kept_from_starting


def provide(topology: Topology) -> None:
    """Install what a topology needs and this machine lacks; says so first.

    Where that cannot be done nothing is: whoever plans the topology says what is missing. Raises
    RefusedError for an image that no adapter knows, LabError if it cannot be got after all.
    """
    for service in topology.services.values():
        adapter = needed(service)
        if adapter is None:
            continue
        if adapter.find() is None:
            _install(adapter)
        if isinstance(adapter, WithJars) and (server := adapter.find()) is not None:
            fetch(server.product, adapter.artifacts)


def _install(adapter: Adapter) -> None:
    apt, prefix = shutil.which("apt-get"), root_prefix()
    if apt is None or prefix is None:
        return
    say(
        f"The image {adapter.image} needs a server that is not here: installing the package "
        f"{adapter.package}. (The service that it brings stays off: lab starts its own.)"
    )
    try:
        with step(adapter.package), kept_from_starting(prefix, adapter.units):
            apt_install([*prefix, apt], adapter.package)
    except BootstrapError as error:
        raise LabError(str(error)) from None
