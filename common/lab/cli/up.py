"""`lab up`."""

import time

import click

from lab import engines, phases
from lab.cli import complete
from lab.cli.console import (
    complain,
    engine_options,
    note,
    say,
    short_name,
    tell,
)
from lab.cli.progress import Progress, is_down
from lab.cli.show import print_line, print_lines
from lab.compose.front import wanted_port
from lab.compose.parse import load
from lab.data import is_empty
from lab.engine import Engine
from lab.engines import Kind
from lab.errors import FAILED, INTERRUPTED, LabError, NotStartedError
from lab.instance import Instance, of_phase
from lab.running import wait_until_down, wait_until_ready
from lab.scale import read_scale
from lab.status import InstanceStatus
from lab.wish import Wish

TAIL = 20  # lines of a service that does not start


@click.command("up")
@click.argument("phase", default="0", shell_complete=complete.phases)
@click.option("-d", "--detach", is_flag=True, help="Leave it running and give the prompt back.")
@engine_options
@click.option(
    "--scale",
    multiple=True,
    metavar="SERVICE=N",
    help="Run N of a service.",
    shell_complete=complete.replicas,
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="Run the services of this profile, too.",
    shell_complete=complete.profiles,
)
def command(
    phase: str,
    *,
    detach: bool,
    kind: Kind | None,
    scale: tuple[str, ...],
    profiles: tuple[str, ...],
) -> int:
    """Start PHASE (default 0) and print its address.

    Follows the logs until Ctrl-C, which stops everything; a second Ctrl-C kills. With
    --detach it goes on in the background until `lab down`.

    Phase N answers on port 8000+N (or CHAT_PORT), or on the next free one.
    """
    instance = of_phase(phases.find(phase))
    numbers = read_scale(scale, load(instance.phase.directory)) if scale else {}
    wish = Wish(numbers, profiles)
    present = engines.of(instance)
    if present.is_running(instance):
        return _already(present, instance, kind, detach=detach)
    chosen = engines.choose(kind, tell)
    runner = chosen.engine
    note(f"Engine: {chosen.words}.")
    for warning in runner.check(instance, wish):
        note(f"warning: {warning}")
    began = time.monotonic()
    if not _start(runner, instance, wish):
        return _already(runner, instance, kind, detach=detach)
    try:
        status = _wait(runner, instance, began)
        _announce(instance, status, detach=detach)
        if detach:
            runner.release(instance)
            return 0
        return _follow(runner, instance, status)
    except KeyboardInterrupt:
        stop(runner, instance)
        return INTERRUPTED


def _start(runner: Engine, instance: Instance, wish: Wish) -> bool:
    """Begin; False if somebody else has. Whoever fails the start at once has the last word."""
    try:
        with Progress(f"Starting {instance.phase.label}"):  # what was told goes from the terminal
            return runner.start(instance, wish)
    except NotStartedError as error:
        for service in error.services:
            _last_words(runner, instance, service)
        error.hint = _where_logs_are(instance)
        raise


def _wait(runner: Engine, instance: Instance, began: float) -> InstanceStatus:
    """Wait for readiness; a service that ends meanwhile shows its last words at once."""
    seen: dict[str, int] = {}
    with Progress(f"Starting {instance.phase.label}") as progress:

        def observe(status: InstanceStatus | None) -> None:
            progress(status)
            for name, service in status.services.items() if status else ():
                if service.exits > seen.get(name, 0) and service.exit_code != 0:
                    progress.clear()
                    _last_words(runner, instance, name)
                seen[name] = service.exits

        try:
            status = wait_until_ready(runner, instance, observe)
        except LabError as error:
            error.hint = error.hint or _where_logs_are(instance)
            raise
    note(f"{instance.phase.label} is ready after {time.monotonic() - began:.1f} s.")
    return status


def _where_logs_are(instance: Instance) -> str:
    return f"its logs: ./lab logs {short_name(instance)}"


def _last_words(runner: Engine, instance: Instance, service: str) -> None:
    note(click.style(f"{service} ended; its last lines:", fg="red"))
    lines = runner.logs(instance, [service], TAIL, follow=False)
    print_lines(lines, [service], err=True)


def _already(runner: Engine, instance: Instance, kind: Kind | None, *, detach: bool) -> int:
    """Somebody else has started it: wait until it is up, and say where."""
    if kind not in (None, runner.name):
        raise LabError(
            f"{instance.phase.label} is already running on the other engine ({runner.name})",
            f"stop it there first: ./lab down {short_name(instance)}",
        )
    with Progress(f"{instance.phase.label} is being started already") as progress:
        status = wait_until_ready(runner, instance, progress)
    say(f"{instance.phase.label} is already running: {status.address or 'no published port'}")
    if not detach:
        note(f"its logs: ./lab logs -f {short_name(instance)}")
    return 0


def _announce(instance: Instance, status: InstanceStatus, *, detach: bool) -> None:
    word = short_name(instance)
    say()
    say(f"  {click.style(status.address or instance.phase.label, bold=True)}")
    for address in _beside_the_front_door(status):
        say(f"  http://{address} for those who run it: how it is doing")
    say()
    wanted = wanted_port(instance.phase.directory, instance.phase.port)
    if status.address and not status.address.endswith(f":{wanted}"):
        note(f"Port {wanted} is taken, so it answers on the next free one.")
    if detach:
        say(f"  ./lab open {word}    in the browser          ./lab ps         what it uses")
        say(f"  ./lab logs -f {word} what it says            ./lab down {word}     stop it")
    else:
        say(f"  In another terminal: ./lab open {word}, ./lab ps, ./lab logs {word}. Ctrl-C stops.")
    if is_empty(instance):
        say(f"  Nobody is there yet: ./lab seed {word} brings people and talk to look at.")
    say()


def _beside_the_front_door(status: InstanceStatus) -> list[str]:
    """Return what else the service publishes that has the front door."""
    front = (status.address or "").removeprefix("http://")
    published = [(one.address or "").split(", ") for one in status.services.values()]
    return [one for ports in published if front in ports for one in ports if one != front]


def _follow(runner: Engine, instance: Instance, status: InstanceStatus) -> int:
    """Print logs until the instance ends by itself (returns FAILED) or Ctrl-C is pressed."""
    names = list(status.services)
    for line in runner.logs(instance, names, 0, follow=True):
        if line is not None:
            print_line(line, names)
        elif not runner.is_running(instance):
            break
    complain(LabError(f"{instance.phase.label} has ended"))
    return FAILED


def stop(runner: Engine, instance: Instance) -> None:
    """Stop gracefully; Ctrl-C while that takes its time kills."""
    with Progress(f"Stopping {instance.phase.label} (Ctrl-C kills)", is_down) as progress:
        try:
            runner.request_stop(instance)
            wait_until_down(runner, instance, progress)
        except KeyboardInterrupt:
            runner.request_stop(instance, kill=True)
            wait_until_down(runner, instance, progress)
    note(f"{instance.phase.label} is stopped.")
