"""The front door's port: the one that a person is told."""

from pathlib import Path

from lab.compose.parse import compose_variables

MAIN_PORT = "CHAT_PORT"
"""The variable that a compose.yaml publishes its front door with."""


def wanted_port(directory: Path, usual: int) -> int:
    """Return the port that CHAT_PORT asks for, here or in `.env`, or else the usual one."""
    wish = compose_variables(directory, {}).get(MAIN_PORT, "")
    return int(wish) if wish.isdecimal() else usual
