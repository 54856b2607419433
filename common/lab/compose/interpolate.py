"""`${VAR}` in values, with the rules of the Compose specification's "Interpolation" chapter."""

import re
from collections.abc import Callable, Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-?+]")


class InterpolationError(ValueError):
    """The text is no valid template, or a required variable is missing."""


def interpolate(
    text: str, variables: Mapping[str, str], on_unset: Callable[[str], None] | None = None
) -> str:
    """Replace `$VAR` and `${VAR…}` in text.

    on_unset is told the name of each variable that is unset and has no default; it becomes
    empty, as in Compose. Raises InterpolationError.
    """
    value, end = _Template(text, variables, on_unset).read(0, closing=False)
    assert end == len(text)  # noqa: S101 - read() stops early only inside braces
    return value


class _Template:
    def __init__(
        self, text: str, variables: Mapping[str, str], on_unset: Callable[[str], None] | None
    ) -> None:
        self.text = text
        self.variables = variables
        self.on_unset = on_unset

    def read(self, position: int, *, closing: bool) -> tuple[str, int]:
        """Read up to the end, or to the brace that closes an outer expression."""
        out: list[str] = []
        while position < len(self.text):
            char = self.text[position]
            if char == "}" and closing:
                return "".join(out), position
            if char != "$":
                out.append(char)
                position += 1
                continue
            value, position = self._expression(position + 1)
            out.append(value)
        if closing:
            raise self._invalid()
        return "".join(out), position

    def _expression(self, position: int) -> tuple[str, int]:
        if self.text.startswith("$", position):
            return "$", position + 1
        braced = self.text.startswith("{", position)
        name = _NAME.match(self.text, position + braced)
        if name is None:
            raise self._invalid()
        if not braced:
            return self._plain(name[0]), name.end()
        return self._braced(name[0], name.end())

    def _braced(self, name: str, position: int) -> tuple[str, int]:
        if self.text.startswith("}", position):
            return self._plain(name), position + 1
        operator = _OPERATOR.match(self.text, position)
        if operator is None:
            raise self._invalid()
        value = self.variables.get(name)
        present = value is not None and not (operator[0].startswith(":") and value == "")
        kind = operator[0][-1]
        needed = present if kind == "+" else not present
        argument, end = self._argument(operator.end(), needed=needed)
        if kind == "?" and not present:
            raise InterpolationError(f"required variable {name} is missing: {argument}")
        if kind == "+":
            return (argument if present else ""), end + 1
        return (argument if value is None or not present else value), end + 1

    def _argument(self, position: int, *, needed: bool) -> tuple[str, int]:
        """Read what follows an operator; variables in an unused one are not missed."""
        reader = self if needed else _Template(self.text, self.variables, None)
        return reader.read(position, closing=True)

    def _plain(self, name: str) -> str:
        value = self.variables.get(name)
        if value is None:
            if self.on_unset is not None:
                self.on_unset(name)
            return ""
        return value

    def _invalid(self) -> InterpolationError:
        return InterpolationError(
            f"invalid interpolation in {self.text!r}; write $$ for a plain dollar sign"
        )
