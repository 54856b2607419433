"""What a shell offers to complete a word with, by click's own mechanism."""

import re
from collections.abc import Iterable
from contextlib import suppress

import click
from click.shell_completion import CompletionItem

from lab import phases as all_phases
from lab.compose.model import Topology
from lab.compose.parse import load
from lab.errors import LabError
from lab.paths import ROOT
from lab.steps.route import Route

Items = list[CompletionItem]


def phases(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:  # noqa: ARG001
    """Offer the numbers of phases, steps once a number is begun, their names, else directories."""
    built = all_phases.built()
    words = {one.name.removeprefix("phase"): one.directory.name for one in built}
    if incomplete:
        words |= _steps() | {one.name: one.directory.name for one in built}
    return _beginning(incomplete, words) or [CompletionItem(incomplete, type="dir")]


def steps(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:  # noqa: ARG001
    """Offer the steps of the path."""
    return _beginning(incomplete, _steps())


def services(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:  # noqa: ARG001
    """Offer the services of the phase that is named already."""
    return _beginning(incomplete, dict.fromkeys(_services(ctx), ""))


def replicas(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:  # noqa: ARG001
    """Offer SERVICE=2 for each service."""
    return _beginning(incomplete, {f"{name}=2": "" for name in _services(ctx)})


def profiles(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:  # noqa: ARG001
    """Offer the profiles that services have."""
    topology = _topology(ctx)
    known = dict.fromkeys(topology.profiles, "") if topology else {}
    for service in topology.services.values() if topology else ():
        known |= dict.fromkeys(service.profiles, "")
    return _beginning(incomplete, known)


def targets(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:  # noqa: ARG001
    """Offer what can be tested."""
    from lab.testing.targets import everything  # noqa: PLC0415 - `lab test` only

    words = dict.fromkeys((one.name for one in everything()), "")
    return _beginning(incomplete, words | (_steps() if incomplete else {}))


def _beginning(incomplete: str, words: dict[str, str]) -> Items:
    return [
        CompletionItem(word, help=meaning or None)
        for word, meaning in words.items()
        if word.startswith(incomplete)
    ]


def _steps() -> dict[str, str]:
    with suppress(LabError):
        return {one.name: one.notes.title if one.notes else "" for one in Route(ROOT).steps}
    return {}


def _services(ctx: click.Context) -> Iterable[str]:
    topology = _topology(ctx)
    return topology.services if topology else ()


def _topology(ctx: click.Context) -> Topology | None:
    """Read the compose.yaml; a step has no directory before it runs: its phase's."""
    text = re.sub(r"^(\d)\.\d$", r"\1", ctx.params.get("phase") or "0")
    with suppress(LabError):
        return load(all_phases.find(text).directory)
    return None
