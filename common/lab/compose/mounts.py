"""`volumes` and `tmpfs` of a service."""

from collections.abc import Collection
from pathlib import Path

from lab.compose.model import Mount
from lab.compose.section import Section, listing, refuse, text
from lab.compose.yamlfile import Location


def host_path(raw: str, directory: Path) -> Path:
    """Return a path of this machine, relative ones from the compose file's directory."""
    return (directory / Path(raw).expanduser()).resolve()


def absolute(target: str, where: Location) -> str:
    """Return a path inside a container without a slash at its end."""
    if not target.startswith("/") or target.rstrip("/") == "":
        raise refuse(where, f"the target {target!r} must be an absolute path below /")
    return target.rstrip("/")


def parse_mounts(section: Section, directory: Path, volumes: Collection[str]) -> tuple[Mount, ...]:
    """Read what a service mounts; `volumes` are the names that the file declares."""
    mounts = [
        _mount(item, place, directory, volumes) for item, place in listing(*section.take("volumes"))
    ]
    value, where = section.take("tmpfs")
    for item, place in listing([value] if isinstance(value, str) else value, where):
        target, _, _ = text(item, place).partition(":")
        mounts.append(Mount(absolute(target, place)))
    return tuple(mounts)


def _mount(value: object, where: Location, directory: Path, volumes: Collection[str]) -> Mount:
    kind, source, target = _long(value, where) if isinstance(value, dict) else _short(value, where)
    if kind == "tmpfs":
        return Mount(target)
    if kind == "volume":
        if source not in volumes:
            raise refuse(where, f"the volume {source!r} is not declared under `volumes:`")
        return Mount(target, volume=source)
    host = host_path(source, directory)
    if not host.exists():
        raise refuse(where, f"there is nothing at {host} to mount")
    return Mount(target, host=host)


def _long(value: object, where: Location) -> tuple[str, str, str]:
    """Return type, source ("" for tmpfs) and target."""
    section = Section(value, where)
    section.skip(("read_only",))
    kind = text(*section.take("type"))
    target = absolute(text(*section.take("target")), where)
    source, place = section.take("source")
    section.done()
    if kind not in ("volume", "bind", "tmpfs"):
        raise refuse(where, f"the native engine knows no mounts of type {kind!r}")
    return kind, "" if kind == "tmpfs" else text(source, place), target


def _short(value: object, where: Location) -> tuple[str, str, str]:
    """Return type, source and target of SOURCE:TARGET[:OPTIONS]."""
    parts = text(value, where).split(":")
    if len(parts) not in (2, 3):
        raise refuse(where, "expected SOURCE:TARGET or SOURCE:TARGET:ro")
    if len(parts) == 3 and not set(parts[2].split(",")) <= {"ro", "rw", "z", "Z"}:
        raise refuse(where, f"the native engine does not know the mount option {parts[2]!r}")
    kind = "bind" if parts[0].startswith((".", "/", "~")) else "volume"
    return kind, parts[0], absolute(parts[1], where)
