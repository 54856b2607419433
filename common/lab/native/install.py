"""Getting servers that are not here, from the packages of Debian or Ubuntu."""

import shutil

from lab.bootstrap import BootstrapError, apt_install, root_prefix, say, step
from lab.compose.model import Topology
from lab.errors import LabError
from lab.native.adapters.adapter import Adapter
from lab.native.image import needed


def provide(topology: Topology) -> None:
    """Install what a topology needs and this machine lacks; says so first.

    Where that cannot be done nothing is: whoever plans the topology says what is missing. Raises
    RefusedError for an image that no adapter knows, LabError if an installation fails.
    """
    for service in topology.services.values():
        adapter = needed(service)
        if adapter is not None and adapter.find() is None:
            _install(adapter)


def _install(adapter: Adapter) -> None:
    apt, prefix = shutil.which("apt-get"), root_prefix()
    if apt is None or prefix is None:
        return
    say(
        f"The image {adapter.image} needs a server that is not here: installing the package "
        f"{adapter.package}. (It may start a service of its own, which lab does not use.)"
    )
    try:
        with step(adapter.package):
            apt_install([*prefix, apt], adapter.package)
    except BootstrapError as error:
        raise LabError(str(error)) from None
