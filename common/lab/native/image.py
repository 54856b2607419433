"""The official image that a service needs, and the server here that stands for it."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from lab.compose.model import Service
from lab.errors import RefusedError
from lab.native.adapters.adapter import Adapter, Server
from lab.native.adapters.registry import ADAPTERS, adapter_for


@dataclass(frozen=True)
class Image:
    """How a service's image is run natively."""

    adapter: Adapter
    server: Server


def image_of(service: Service) -> Image | None:
    """Return None for a service that is built.

    Raises RefusedError for an image that no adapter knows, or whose server is not here.
    """
    adapter = needed(service)
    if adapter is None:
        return None
    _refuse_single_files(service, adapter)
    server = adapter.find()
    if server is None:
        raise RefusedError(
            f"service {service.name!r} needs the image {service.image}, and there is no server "
            "for it on this machine",
            f"on Debian or Ubuntu: sudo apt-get install {adapter.package}",
        )
    return Image(adapter, server)


def _refuse_single_files(service: Service, adapter: Adapter) -> None:
    """Refuse a file mounted where the image lists a directory, which would not show it here."""
    for mount in service.mounts:
        folder = str(PurePosixPath(mount.target).parent)
        if folder in adapter.listed:
            raise RefusedError(
                f"service {service.name!r} mounts {mount.target}; natively {service.image} sees "
                f"{folder} as one directory only, so mount that"
            )


def needed(service: Service) -> Adapter | None:
    """Return the adapter of the image that a service needs, None if it is built."""
    if service.context is not None:
        return None
    adapter = adapter_for(service.image or "")
    if adapter is None:
        known = ", ".join(one.image for one in ADAPTERS)
        raise RefusedError(
            f"service {service.name!r} needs the image {service.image}, and the native engine "
            f"has no adapter for it (it has: {known})"
        )
    return adapter
