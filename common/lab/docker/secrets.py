"""Secrets that were made here, in the place of files that compose.yaml names and nobody wrote."""

import json
from dataclasses import replace

from lab import secrets
from lab.compose.declared import generated_secrets
from lab.docker.compose import Project
from lab.instance import Instance

_OVERRIDE = "compose.secrets.yaml"


def with_secrets(project: Project, instance: Instance) -> Project:
    """Make those that are missing; returns the project with all of them."""
    wanted = generated_secrets(instance.phase.directory)
    secrets.make(instance, wanted, secrets.ANY_USER)
    made = {one.name: {"file": str(secrets.file_of(instance, one))} for one in wanted}
    if not made:
        return project
    file = instance.directory / _OVERRIDE
    file.write_text(json.dumps({"secrets": made}), encoding="utf-8")  # JSON is YAML
    return replace(project, files=(*project.files, file))
