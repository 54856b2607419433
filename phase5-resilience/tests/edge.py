"""The gateway's judgement of tokens, in a small nginx of a test's own."""

import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
from gateways import find_nginx, free_port
from issuing import SECRET, Monolith
from waiting import PHASE, wait_for

CONFIGURATION = """\
worker_processes 2;
daemon off;
{user}
pid {directory}/nginx.pid;
error_log {directory}/error.log info;
env CHAT_IDENTITY_SECRET_FILE;
events {{ worker_connections 256; }}
http {{
    access_log off;
    js_path {phase}/gateway/js;
    js_path {phase}/tests/gateway;
    js_var $limit_wait;
    include {directory}/auth.conf;
    include {phase}/gateway/policy.conf;
    js_import asked.js;
    server {{
        listen 127.0.0.1:{port} reuseport;
        large_client_header_buffers 4 16k;
        location @pull {{ js_periodic pull.pull interval=100ms; }}
        location = /known {{ js_content asked.known; }}
        location / {{ js_content asked.who; }}
    }}
}}
"""


class Edge:
    """Two workers of nginx with the gateway's own auth.conf, policy.conf and js."""

    def __init__(self, directory: Path, monolith: Monolith) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._directory = directory
        secret = directory / "secret"
        secret.write_bytes(SECRET)
        text = (PHASE / "gateway/auth.conf").read_text()
        (directory / "auth.conf").write_text(text.replace("127.0.0.1:9000", monolith.address))
        (directory / "nginx.conf").write_text(
            CONFIGURATION.format(
                phase=PHASE,
                port=self.port,
                directory=directory,
                user="user root root;" if os.geteuid() == 0 else "",
            )
        )
        self._environment = os.environ | {"CHAT_IDENTITY_SECRET_FILE": str(secret)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Edge":
        """Start; it may not have pulled anything yet."""
        words = ["-p", str(self._directory), "-c", str(self._directory / "nginx.conf")]
        self._process = subprocess.Popen(
            [str(find_nginx()), *words, "-e", str(self._directory / "error.log")],
            env=self._environment,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self._listens)
        return self

    def ask(self, token: str | None, path: str = "/api/v1/profiles/me", **request: Any) -> Any:
        """Return what it makes of a request with this token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.said(httpx.get(self.url + path, headers=headers | request))

    def said(self, answer: httpx.Response) -> Any:
        """Return what it made of a request."""
        assert answer.status_code == 200, answer.text
        return answer.json()

    def known(self) -> Any:
        """Return what it has pulled and cached."""
        return self.said(httpx.get(f"{self.url}/known"))

    def is_ready(self) -> bool:
        """Return whether it has pulled."""
        return "as of" in self.known()["ended"]

    def log(self) -> str:
        """Return what it wrote."""
        return (self._directory / "error.log").read_text()

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        try:
            return httpx.get(f"{self.url}/known").status_code == 200
        except httpx.TransportError:
            return False
