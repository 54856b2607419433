"""The command line: finds the command, runs it, turns errors into words and exit codes."""

import importlib
import signal
import sys
from types import FrameType

import click

from lab import phases
from lab.cli.console import complain
from lab.errors import INTERRUPTED, LabError, Terminated

COMMANDS = (
    *("up", "down", "ps", "logs", "open", "test"),
    *("seed", "reset", "export", "import", "upgrade", "read-only"),
    "dead-letters",
    *("diff", "exercise", "history"),
    *("bench", "drill"),
    *("doctor", "completion"),
    *("lint", "lock", "docs"),
)


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it
        """Return the commands in the order a newcomer meets them."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List each command with its whole first sentence; click would cut it to one line."""
        with formatter.section("Commands"):
            commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
            formatter.write_dl(
                [(name, one.get_short_help_str(limit=200)) for name, one in commands.items() if one]
            )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import lab.cli.NAME and return what it calls `command`."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"lab.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)  # noqa: S101 - a slip in a module of ours
        return command


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Run, look at and test the chat, one phase at a time.

    PHASE is a number (0), a name (phase0) or a directory. Everything lab makes lies in
    .venv and .lab/; both may be deleted when nothing runs.
    """
    if ctx.invoked_subcommand is None:
        click.echo(_overview())


def _overview() -> str:
    rows = [
        f"    {phase.name.removeprefix('phase')}  {phase.directory.name}"
        for phase in phases.built()
    ]
    return "\n".join(
        [
            "One chat, built up phase by phase. This checkout holds:",
            "",
            *(rows or ["    no phase yet"]),
            "",
            "    ./lab up 0      start phase 0 and print its address",
            "    ./lab ps        see what runs and what it uses",
            "    ./lab test 0    prove that it does what it should",
            "    ./lab down      stop everything",
            "    ./lab --help    all commands",
        ]
    )


def main() -> None:
    """Run the command line and exit."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    try:
        sys.exit(cli.main(prog_name="lab", standalone_mode=False) or 0)
    except LabError as error:
        complain(error)
        sys.exit(error.code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone, as `head` does
        sys.exit(0)
    except OSError as error:
        if error.filename is None:
            raise
        failure = LabError(f"{error.filename}: {error.strerror}")
        complain(failure)
        sys.exit(failure.code)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """Stop as Ctrl-C does: what was started is ended first."""
    raise Terminated
