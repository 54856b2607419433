"""`environment` and `env_file`."""

from collections.abc import Mapping
from pathlib import Path

from lab.compose.dotenv import DotenvError, parse_dotenv
from lab.compose.mounts import host_path
from lab.compose.section import Section, listing, refuse, text
from lab.compose.yamlfile import Location


def environment(value: object, where: Location, variables: Mapping[str, str]) -> dict[str, str]:
    """Read the map form and the list form; a key without a value is passed on if it is set."""
    pairs: list[tuple[str, object, Location]] = []
    if isinstance(value, list):
        for item, place in listing(value, where):
            key, equals, rest = text(item, place).partition("=")
            pairs.append((key, rest if equals else None, place))
    else:
        pairs.extend(Section(value, where).items())
    result = {}
    for key, item, place in pairs:
        if item is not None:
            result[key] = text(item, place)
        elif key in variables:
            result[key] = variables[key]
    return result


def env_files(
    value: object, where: Location, directory: Path, variables: Mapping[str, str]
) -> dict[str, str]:
    """Read one file or several; later ones override earlier ones."""
    if value is None or isinstance(value, str):
        value = [] if value is None else [value]
    result: dict[str, str] = {}
    for item, place in listing(value, where):
        section = Section({"path": item} if isinstance(item, str) else item, place)
        path = host_path(text(*section.take("path")), directory)
        required, _ = section.take("required")
        section.done()
        if not path.is_file():
            if required is False:
                continue
            raise refuse(place, f"there is no file {path}")
        try:
            result |= parse_dotenv(path.read_text(encoding="utf-8"), variables)
        except DotenvError as error:
            raise refuse(place, f"{path}: {error}") from None
    return result
