"""What the consumers of a running phase have given up, by way of a command of the phase's own.

`x-lab.dead-letters` of a service in compose.yaml names it. It prints JSON, one object a line.
"""

import json
import os
import tempfile
from collections.abc import Sequence
from typing import Any

from lab import engines
from lab.data import commands_named
from lab.errors import LabError
from lab.instance import Instance


def ask(instance: Instance, words: Sequence[str]) -> list[dict[str, Any]]:
    """Run the phase's command; return what it has printed. Raises LabError."""
    found = commands_named("dead-letters", instance.phase.directory)
    if len(found) != 1:
        raise LabError(f"{instance.phase.label} keeps no dead letters")
    ((service, command),) = found.items()
    with tempfile.TemporaryFile() as output, open(os.devnull, "rb") as nothing:  # noqa: PTH123
        argv = [*command, *words]
        code = engines.of(instance).run(instance, service, argv, nothing, output)
        output.seek(0)
        printed = output.read().splitlines()
    if code != 0:
        raise LabError(f"{instance.phase.label} did not {words[0]}; it says why above")
    return [json.loads(line) for line in printed if line.startswith(b"{")]
