"""The `.env` and `env_file` format of the Compose specification."""

import re
from collections.abc import Mapping

from lab.compose.interpolate import InterpolationError, interpolate

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?(?P<key>[A-Za-z_][\w.-]*)\s*(?:[=:](?P<value>.*))?$")
_COMMENT = re.compile(r"(^|\s)#.*$")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$$"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class DotenvError(ValueError):
    """A line that is no assignment, or a template that is none."""


def parse_dotenv(text: str, outer: Mapping[str, str]) -> dict[str, str]:
    """Read assignments; a value may use earlier ones and `outer`, which takes precedence.

    A bare `KEY` takes its value from outer, and is left out if it has none there.
    """
    values: dict[str, str] = {}
    lines = iter(enumerate(text.removeprefix("\ufeff").splitlines(), start=1))
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _ASSIGNMENT.match(line)
        if match is None:
            raise DotenvError(f"line {number}: expected KEY=VALUE")
        key, raw = match["key"], match["value"]
        if raw is None:
            if key in outer:
                values[key] = outer[key]
            continue
        raw = raw.strip()
        while raw[:1] in ("'", '"') and _closing_quote(raw) is None:
            more = next(lines, None)
            if more is None:
                raise DotenvError(f"line {number}: the quote is not closed")
            raw = f"{raw}\n{more[1]}"
        try:
            values[key] = _value(raw, {**values, **outer})
        except InterpolationError as error:
            raise DotenvError(f"line {number}: {error}") from None
    return values


def _value(raw: str, variables: Mapping[str, str]) -> str:
    if raw.startswith("'"):
        return raw[1 : _closing_quote(raw)]
    if raw.startswith('"'):
        inner = raw[1 : _closing_quote(raw)]
        unescaped = _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[0]), inner)
        return interpolate(unescaped, variables)
    return interpolate(_COMMENT.sub("", raw).strip(), variables)


def _closing_quote(raw: str) -> int | None:
    quote = raw[0]
    position = 1
    while position < len(raw):
        if raw[position] == "\\" and quote == '"':
            position += 2
            continue
        if raw[position] == quote:
            return position
        position += 1
    return None
