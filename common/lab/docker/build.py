"""Getting a project's images, with its progress, and in plain words why that failed."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from lab.docker.compose import ComposeError, Project
from lab.errors import LabError, RefusedError

# `#7 [chat stage-1 2/6] RUN …` of BuildKit, `Step 3/9 : RUN …` of the builder before it, and
# what Compose says of images that it pulls.
_STEP = re.compile(r"(?:#\d+ )?(?P<what>\[.*\d+/\d+\] .*|Step \d+/\d+ : .*|\S+ Pulling.*)$")
_UNREACHABLE = re.compile(
    r"(?:failed to resolve|pull access denied|failed to do request|dial tcp|TLS handshake|"
    r"no such host|i/o timeout|toomanyrequests)",
)
_BASE = re.compile(
    r"> \[.*\] load metadata for (?:docker\.io/(?:library/)?)?(?P<image>\S+):$", re.M
)
_PULLED = re.compile(r"^ *(?P<service>\S+) Error ", re.M)
_SHOWN = 15  # lines of a failed build


def build(project: Project, tell: Callable[[str], None]) -> None:
    """Build what the project builds; cached layers make it quick. Raises LabError."""

    def step(line: str) -> None:
        found = _STEP.match(line.strip())
        if found is not None:
            tell(found["what"])

    try:
        project.do("--progress", "plain", "build", *builders(project.config()), tell=step)
    except ComposeError as error:
        raise explain(error) from None


def builders(config: Mapping[str, Any]) -> list[str]:
    """Return one service for each image that is built. Raises RefusedError.

    Several services may have the same image; Compose would build it for each of them.
    """
    first: dict[str, str] = {}
    for name, service in config["services"].items():
        if "build" not in service:
            continue
        image = service.get("image", name)
        other = first.setdefault(image, name)
        if service["build"] != config["services"][other]["build"]:
            raise RefusedError(
                f"the services {other!r} and {name!r} build the image {image} in different ways",
                "give it two names, or both the same build",
            )
    return list(first.values())


def explain(error: ComposeError) -> LabError:
    """Return the error that says what to do about it."""
    text = "\n".join(error.said)
    if not _UNREACHABLE.search(text):
        said = "\n     ".join(error.said[-_SHOWN:])
        return LabError(f"docker compose {error.what} failed:\n     {said}")
    what = "an image"
    if base := _BASE.search(text):
        what = f"the image {base['image']}"
    elif pulled := _PULLED.search(text):
        what = f"the image of {pulled['service']}"
    return LabError(
        f"{what} is not on this machine and cannot be pulled: {error.said[-1]}",
        "check the network, or run it without Docker: --native",
    )
