"""Where the paths of a container lie on this machine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from lab import secrets
from lab.compose.model import Mount, Service
from lab.compose.secrets import DIRECTORY
from lab.instance import Instance
from lab.native.plan import Copy


@dataclass
class Places:
    """Paths of a container → here; which directories to make, and to empty; what to copy."""

    paths: dict[str, Path] = field(default_factory=dict)
    made: list[Path] = field(default_factory=list)
    throwaway: list[Path] = field(default_factory=list)
    secrets: list[Copy] = field(default_factory=list)

    def find(self, path: str) -> Path | None:
        """Return where an absolute path lies, None if it lies in the image."""
        for target in sorted(self.paths, key=len, reverse=True):
            if PurePosixPath(path).is_relative_to(target):
                return self.paths[target] / PurePosixPath(path).relative_to(target)
        return None


def find_places(service: Service, instance: Instance, own: Path, declared: Sequence[str]) -> Places:
    """Place what a service sees; `own` is for what is its alone, `declared` are image volumes."""
    places = Places(paths=dict(service.build.copies) if service.build else {})
    for mount in _mounts(service, declared):
        _place(mount, service, places, instance, own)
    if service.secrets:
        places.paths[DIRECTORY] = own / DIRECTORY.lstrip("/")
        places.throwaway.append(places.paths[DIRECTORY])
    for grant in service.secrets:
        path = own / grant.target.lstrip("/")
        places.paths[grant.target] = path
        places.secrets.append(Copy(str(secrets.file_of(instance, grant.secret)), str(path)))
    return places


def _mounts(service: Service, declared: Sequence[str]) -> Iterator[Mount]:
    """Yield what compose.yaml mounts, then the image's own volumes that it does not."""
    yield from service.mounts
    mounted = {mount.target for mount in service.mounts}
    yield from (Mount(target) for target in declared if target not in mounted)


def _place(mount: Mount, service: Service, places: Places, instance: Instance, own: Path) -> None:
    target = mount.target
    here = own / target.lstrip("/")
    if mount.host is not None and target in service.render:
        places.paths[target] = here
        places.throwaway += [here] if mount.host.is_dir() else []
    elif mount.host is not None:
        places.paths[target] = mount.host
    elif mount.volume is not None:
        places.paths[target] = instance.volumes / mount.volume
        places.made.append(places.paths[target])
    else:
        places.paths[target] = here
        places.throwaway.append(here)
