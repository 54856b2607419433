"""`build:`, which may stand at several services: equal ones make one image."""

from collections.abc import Mapping
from pathlib import Path

from lab.compose.model import Build
from lab.compose.mounts import absolute, host_path
from lab.compose.section import Section, refuse, text
from lab.compose.yamlfile import Location

IGNORED = ("args", "cache_from", "dockerfile", "labels", "pull", "tags", "target")


def parse_build(value: object, where: Location, directory: Path) -> Build | None:
    """Read a service's build; None if it has none."""
    if value is None:
        return None
    section = Section({"context": value} if isinstance(value, str) else value, where)
    raw, place = section.take("context")
    context = host_path(text("." if raw is None else raw, place), directory)
    if not context.is_dir():
        raise refuse(place, f"there is no directory {context}")
    copies = _copies(*section.take("x-lab"), context)
    recipe = {key: taken for key in IGNORED if (taken := section.take(key)[0]) is not None}
    section.skip(())
    section.done()
    return Build(context, copies, recipe)


def _copies(value: object, where: Location, context: Path) -> Mapping[str, Path]:
    """Read which paths of the image are which of the context: what the Dockerfile's COPY does."""
    section = Section(value, where)
    raw, place = section.take("copies")
    section.done()
    copies = {}
    for target, source, source_place in Section(raw, place).items():
        path = (context / text(source, source_place)).resolve()
        if not path.is_relative_to(context):
            raise refuse(source_place, f"{path} is outside of the build context {context}")
        if not path.exists():
            raise refuse(source_place, f"there is nothing at {path} to copy")
        copies[absolute(target, source_place)] = path
    return copies
