"""`secrets`: files, some of which are made at the first start."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from lab.compose.model import Grant, Secret
from lab.compose.mounts import absolute, host_path
from lab.compose.section import Section, integer, listing, refuse, text
from lab.compose.yamlfile import Location

DIRECTORY = "/run/secrets"
BYTES = range(16, 1025)  # fewer can be guessed, more are no secret but a file
IGNORED_IN_GRANT = ("gid", "mode", "uid")


def declared(value: object, where: Location, directory: Path) -> Iterator[Secret]:
    """Read the secrets at the top of the file."""
    for name, options, place in Section(value, where).items():
        section = Section(options, place)
        raw, file_place = section.take("file")
        if raw is None:
            section.done()  # names what stands there instead: external, environment
            raise refuse(place, "needs a file")
        file = host_path(text(raw, file_place), directory)
        generate = _generate(*section.take("x-lab"))
        section.skip(("name",))
        section.done()
        if generate is None and not file.is_file():
            raise refuse(file_place, f"there is no file {file}")
        yield Secret(name, file, generate)


def granted(value: object, where: Location, known: Mapping[str, Secret]) -> tuple[Grant, ...]:
    """Read those of one service, in their short and long form."""
    grants = []
    for item, place in listing(value, where):
        section = Section({"source": item} if isinstance(item, str) else item, place)
        section.skip(IGNORED_IN_GRANT)
        source = text(*section.take("source"))
        raw, target_place = section.take("target")
        section.done()
        if source not in known:
            raise refuse(place, f"the secret {source!r} is not declared under `secrets:`")
        target = text(source if raw is None else raw, target_place)
        path = target if target.startswith("/") else f"{DIRECTORY}/{target}"
        grants.append(Grant(known[source], absolute(path, target_place)))
    return tuple(grants)


def _generate(value: object, where: Location) -> int | None:
    """Read how many random bytes a secret is made of, if it is made here."""
    section = Section(value, where)
    raw, place = section.take("generate")
    section.done()
    if raw is None:
        return None
    number = integer(raw, place)
    if number not in BYTES:
        raise refuse(place, f"expected {BYTES.start} to {BYTES.stop - 1} bytes")
    return number
