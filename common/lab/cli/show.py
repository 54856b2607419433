"""Log lines on the terminal."""

from collections.abc import Iterable, Sequence

import click

from lab.cli.console import colour_of
from lab.engine import LogLine


def print_lines(
    lines: Iterable[LogLine | None],
    services: Sequence[str],
    *,
    times: bool = False,
    err: bool = False,
) -> None:
    """Print lines as they come."""
    for line in lines:
        if line is not None:
            print_line(line, services, times=times, err=err)


def print_line(
    line: LogLine, services: Sequence[str], *, times: bool = False, err: bool = False
) -> None:
    """Print one line behind its service's name."""
    width = max(map(len, services))
    prefix = click.style(f"{line.service:<{width}} |", fg=colour_of(line.service, services))
    text = click.style(line.text, dim=True) if line.own else line.text
    click.echo(f"{prefix} {line.time + ' ' if times else ''}{text}", err=err)
