"""Log lines on the terminal."""

from collections.abc import Iterable, Sequence

import click

from lab.cli.console import colour_of
from lab.cli.readable import readable
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
    line: LogLine,
    services: Sequence[str],
    *,
    times: bool = False,
    err: bool = False,
    raw: bool = False,
) -> None:
    """Print one line behind its service's name; `raw` leaves JSON as it is."""
    width = max(map(len, services))
    prefix = click.style(f"{line.service:<{width}} |", fg=colour_of(line.service, services))
    said = line.text if raw else readable(line.text)
    text = click.style(said, dim=True) if line.own else said
    click.echo(f"{prefix} {line.time + ' ' if times else ''}{text}", err=err)
