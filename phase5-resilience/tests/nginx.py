"""A small nginx of a test's own, with the gateway's njs and what the tests ask of it."""

import os
import subprocess
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
from gateways import find_nginx, free_port
from waiting import PHASE, wait_for

CONFIGURATION = """\
worker_processes 2;
daemon off;
{user}
pid nginx.pid;
error_log error.log notice;
events {{ worker_connections 512; }}
http {{
    access_log off;
    js_path {phase}/gateway/js;
    js_path {phase}/tests/gateway;
    js_import probe.js;
    js_shared_dict_zone zone=limits:{room} type=number timeout=60s;
    js_shared_dict_zone zone=locks:64k type=number timeout=60s;
    server {{
        listen 127.0.0.1:{port} reuseport; # which worker answers depends on the connection
{locations}
    }}
}}
"""
PROBES = ("take", "replay", "burst", "naive", "lock", "windows")


class Nginx:
    """Two workers on a free port; `room` is the size of the dictionary of buckets."""

    def __init__(self, directory: Path, room: str = "1m") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20)
        text = CONFIGURATION.format(
            phase=PHASE,
            port=self.port,
            room=room,
            user="user root root;" if os.geteuid() == 0 else "",
            locations="\n".join(
                f"        location = /{name} {{ js_content probe.{name}; }}" for name in PROBES
            ),
        )
        (directory / "nginx.conf").write_text(text)
        words = ["-p", str(directory), "-c", str(directory / "nginx.conf"), "-e", "error.log"]
        self._process = subprocess.Popen([str(find_nginx()), *words], stderr=subprocess.DEVNULL)
        wait_for(self._answers, within=60)

    def ask(self, probe: str, **arguments: object) -> Any:
        """Return a probe's answer."""
        words = {name: str(value) for name, value in arguments.items()}
        answer = self._http.get(f"/{probe}", params=words)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def connections(self) -> list[HTTPConnection]:
        """Return one open connection to each of the two workers."""
        found: dict[str, HTTPConnection] = {}
        while len(found) < 2:
            connection = HTTPConnection("127.0.0.1", self.port)
            connection.request("GET", "/burst?key=nobody&q=1&w=1&times=0")
            answer = connection.getresponse()
            answer.read()
            found[str(answer.getheader("X-Worker"))] = connection
        return list(found.values())

    def stop(self) -> None:
        """End it."""
        self._http.close()
        self._process.terminate()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            return self._http.get("/").status_code == 404
        except httpx.TransportError:
            return False
