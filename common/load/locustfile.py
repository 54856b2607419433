"""For plain Locust, with its web page.

    .venv/bin/locust -f common/load/locustfile.py --host http://127.0.0.1:8000

`--people` of the bench world are logged in (./lab seed 0 --size bench). Class names after the
options choose who comes: `Day` (a day of chat), `Listener` (sockets), `CircleSender` (sends to
those who listen); without any, all of them.
"""

import logging
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import gevent
from locust import events

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from load.scenarios import Cast, CircleSender, Day, Listener
from load.world import NotSeeded, enter

__all__ = ["CircleSender", "Day", "Listener"]

CIRCLE = 10
log = logging.getLogger(__name__)


def _add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--people", type=int, default=50, help="How many people are logged in")


def _log_in(environment: Any, **_: Any) -> None:
    try:
        people = enter(environment.host, environment.parsed_options.people, CIRCLE)
    except NotSeeded as error:
        log.error("%s", error)  # noqa: TRY400 - the sentence is enough, and says what to type
        environment.process_exit_code = 1
        people = []
        gevent.spawn_later(1, environment.runner.quit)  # not from within the start
    Cast.assemble(people)


events.init_command_line_parser.add_listener(_add_options)  # type: ignore[no-untyped-call]
events.test_start.add_listener(_log_in)  # type: ignore[no-untyped-call]
