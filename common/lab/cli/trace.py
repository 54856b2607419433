"""`lab trace`."""

import re

import click

from lab.cli import complete
from lab.cli.console import must_run, note, say, say_json, short_name, the_instance
from lab.errors import LabError, UsageError
from lab.traces import drawn, fetch, lines, trace_of


@click.command("trace")
@click.argument("request_id")
@click.argument("phase", required=False, shell_complete=complete.phases)
@click.option("--json", "as_json", is_flag=True, help="Say it as JSON, for programs.")
def command(request_id: str, phase: str | None, *, as_json: bool) -> int:
    """Draw what the request REQUEST_ID caused in every service of PHASE, queues included.

    The id is what its answer has as X-Request-ID. A line says when something began, in
    milliseconds after the first, and how long it took; ⇢ is an event on its way.
    """
    if not re.fullmatch("[A-Za-z0-9._-]{8,128}", request_id):
        raise UsageError(f"{request_id!r} is no request's id", "see X-Request-ID of an answer")
    instance = the_instance(phase)
    must_run(instance)
    spans = fetch(instance, request_id)
    if as_json:
        say_json(spans)
        return 0
    if not spans:
        raise LabError(
            f"no trace of {request_id} was kept",
            "of every ten one is, and what failed or was slow; "
            f"for all: CHAT_TRACES_SAMPLE=1 ./lab up {short_name(instance)}",
        )
    tree = lines(spans)
    services = len({one.service for one in tree})
    note(f"trace {trace_of(request_id)}: {len(tree)} spans in {services} services")
    for row in drawn(tree):
        say(row)
    return 0
