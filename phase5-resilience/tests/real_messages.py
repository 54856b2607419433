"""The messages service, as a process beside the tests of the monolith: one for all of a run.

Nothing brings events from one to the other here; what stands in for the gateway does (`stand_in`).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import httpx
from fake_auth import fake_auth
from postgres import EMPTY, cluster, free_port
from waiting import PHASE, wait_for

NAME = "messages_of_all_tests"
NOBODY = "redis://127.0.0.1:1/0"


class RealMessages:
    """Its addresses: `url` for people, `inside` for services."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="chat-messages-"))
        primary = cluster().primary
        primary.ask(f"CREATE DATABASE {NAME} OWNER chat")
        outside, inside = free_port(), free_port()
        self.url, self.inside = (f"http://127.0.0.1:{port}" for port in (outside, inside))
        self.database = primary.url(NAME)
        secret = self._directory / "client"
        secret.write_text("of messages")
        environment = os.environ | {
            "PYTHONPATH": f"{PHASE / 'services/messages'}:{PHASE}",
            "CHAT_BIND": f"127.0.0.1:{outside}",
            "CHAT_INTERNAL_BIND": f"127.0.0.1:{inside}",
            "CHAT_OPERATIONS_BIND": "",
            "CHAT_DATABASE_URL": self.database,
            "CHAT_AUTH_URL": fake_auth().url,
            "CHAT_CONVERSATIONS_URL": fake_auth().url,
            "CHAT_CLIENT_SECRET_FILE": str(secret),
            "CHAT_CACHE_URL": NOBODY,
            "CHAT_LOG_LEVEL": "WARNING",
        }
        migrate = [sys.executable, "-m", "messages.migrate"]
        subprocess.run(migrate, cwd=PHASE, env=environment, check=True)
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn"),
                    *("--config", "services/messages/gunicorn.conf.py"),
                    "messages.app:create_app()",
                ],
                cwd=PHASE,
                env=environment,
                stdout=log,
                stderr=log,
            )
        wait_for(self._is_ready, within=60)

    def empty(self) -> None:
        """Forget what a test has left."""
        cluster().primary.ask(EMPTY, NAME)

    def close(self) -> None:
        """Leave nothing behind."""
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._directory)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False


@cache
def real_messages() -> RealMessages:
    """Return the one of this test run, started."""
    return RealMessages()


def use_messages() -> None:
    """Have every process of this run find it."""
    if "CHAT_MESSAGES_URL" not in os.environ:
        os.environ["MESSAGES_OUTSIDE"] = real_messages().url
        os.environ["MESSAGES_DATABASE"] = real_messages().database
        os.environ["CHAT_MESSAGES_URL"] = real_messages().inside
