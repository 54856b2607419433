"""Phase 0's image, what its container may do, and what survives when it dies."""

import json
import subprocess
import tarfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

import httpx
import pytest
import websocket

from lab.compose.parse import load
from lab.docker import api
from lab.docker.record import choose_project
from lab.instance import of_phase
from lab.phases import built, find
from lab.tests.conftest import wait_for
from lab.tests.docker_support import IMAGE, DockerSystem, new_instance, skip_without_docker

PHASE = find("0").directory
OWN_MIB = 90  # what the phase may add to the base image
SECRETS = (".env", ".git", "*.sqlite3*", "*.pem", "*.key", "id_*", ".netrc", "pip.conf")
TOOLS = ("gcc", "cc", "make", "git", "curl", "uv")


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerSystem]:
    """Phase 0 under Docker, built from this checkout."""
    skip_without_docker()
    system = DockerSystem(new_instance(tmp_path_factory.mktemp("docker"), PHASE))
    try:
        system.up()
        yield system
    finally:
        system.discard()


@pytest.fixture(scope="module")
def image(system: DockerSystem) -> dict[str, Any]:
    """What the engine says of the image."""
    found: dict[str, Any] = api.connect().get(f"/images/{system.container().raw['Image']}/json")
    return found


def test_docker_compose_by_hand_means_the_same_project() -> None:
    class Empty:
        def get(self, path: str, **_: object) -> object:
            return {"Volumes": []} if path == "/volumes" else []

    for phase in built():
        assert choose_project(of_phase(phase), Empty()) == load(phase.directory).name  # type: ignore[arg-type]


def test_the_image_runs_as_somebody_without_rights(image: dict[str, Any]) -> None:
    assert image["Config"]["User"] == "10001:10001"


def test_the_image_is_small(image: dict[str, Any]) -> None:
    base = api.connect().get(f"/images/{IMAGE}/json")
    own = (image["Size"] - base["Size"]) / 2**20
    print(f"image {image['Size'] / 1e6:.0f} MB, of which the phase {own:.0f} MiB")
    assert own < OWN_MIB


def test_no_secret_is_in_any_layer_or_in_the_history(
    image: dict[str, Any], system: DockerSystem
) -> None:
    names = list(_names_in_own_layers(image))
    assert any(name.endswith("chat/app.py") for name in names)
    found = [n for n in names if any(PurePath(n).match(secret) for secret in SECRETS)]
    assert [name for name in found if "/site-packages/" not in name] == []
    assert not [name for name in names if "/tests/" in name and "srv/chat" in name]
    for layer in api.connect().get(f"/images/{image['Id']}/history"):
        assert not any(
            word in layer["CreatedBy"].lower() for word in ("password", "secret", "token")
        )


def _names_in_own_layers(image: dict[str, Any]) -> Iterator[str]:
    """Yield the files of the layers that lie on the base image's."""
    base = len(api.connect().get(f"/images/{IMAGE}/json")["RootFS"]["Layers"])
    export = subprocess.Popen(["docker", "save", image["Id"]], stdout=subprocess.PIPE)
    layers: dict[str, list[str]] = {}
    order: list[str] = []
    with export, tarfile.open(fileobj=export.stdout, mode="r|") as outer:
        for member in outer:
            content = outer.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            if member.name == "manifest.json":
                order = json.load(content)[0]["Layers"]
            elif member.name.endswith(".tar") or member.name.startswith("blobs/"):
                layers[member.name] = _names(content)
    assert len(order) > base
    for layer in order[base:]:
        yield from layers[layer]


def _names(content: Any) -> list[str]:
    try:
        with tarfile.open(fileobj=content, mode="r|*") as layer:
            return [member.name for member in layer]
    except tarfile.ReadError:
        return []  # a configuration, not a layer


def test_no_tool_that_builds_or_downloads_was_added(system: DockerSystem) -> None:
    for tool in TOOLS:
        assert _inside(system, f"command -v {tool}") != 0, tool
    assert _inside(system, "python -c 'import pip' 2>&1") != 0


def test_the_process_may_write_to_its_data_and_nowhere_else(system: DockerSystem) -> None:
    for place in ("/data", "/tmp", "/dev/shm"):
        assert _inside(system, f"touch {place}/probe && rm {place}/probe") == 0, place
    for place in ("/srv/chat", "/srv/web", "/srv/contract", "/opt/venv", "/etc", "/var/tmp"):
        assert _inside(system, f"touch {place}/probe 2>&1") != 0, place


def test_the_container_has_no_rights_and_bounded_means(system: DockerSystem) -> None:
    assert _inside(system, "grep -q 'CapBnd:.0000000000000000' /proc/1/status") == 0
    assert _inside(system, "grep -q 'NoNewPrivs:.1' /proc/1/status") == 0
    host = system.container().raw["HostConfig"]
    assert host["Memory"] > 0
    assert host["PidsLimit"] > 0
    assert not host["Privileged"]
    for bindings in host["PortBindings"].values():
        assert [binding["HostIp"] for binding in bindings] == ["127.0.0.1"]


def test_the_limits_leave_room_for_every_socket(system: DockerSystem) -> None:
    person = Person(system)
    places = int(load(PHASE).services["chat"].environment["CHAT_SOCKETS_MAX"])
    sockets = [person.socket() for _ in range(places)]
    try:
        assert person.send("while every place is taken") == 201
        assert httpx.get(f"{person.url}/readyz").status_code == 200
        assert system.status().services["chat"].exits == 0
    finally:
        for socket in sockets:
            socket.close()


def test_it_stops_gracefully_within_its_grace_period(system: DockerSystem) -> None:
    person = Person(system)
    sockets = [person.socket() for _ in range(5)]
    system.engine.stop_service(system.instance, "chat")
    assert system.container().raw["State"]["ExitCode"] == 0
    for socket in sockets:
        socket.close()
    system.engine.restart_service(system.instance, "chat")
    _wait_until_ready(system)


@pytest.mark.parametrize("fault", ["kill inside", "kill container", "restart", "recreate"])
def test_nothing_acknowledged_is_lost(system: DockerSystem, fault: str) -> None:
    person = Person(system)
    acknowledged: dict[str, int] = {}
    stop = threading.Event()
    sender = threading.Thread(target=_send_until, args=(person, stop, acknowledged))
    sender.start()
    try:
        wait_for(lambda: len(acknowledged) >= 20)
        _inflict(fault, system)
        _wait_until_ready(system)
        person.url = system.status().address or ""
        before = len(acknowledged)
        wait_for(lambda: len(acknowledged) >= before + 20)
    finally:
        stop.set()
        sender.join()
    kept = {message["client_id"]: message["seq"] for message in person.history()}
    assert acknowledged.items() <= kept.items()
    assert sorted(kept.values()) == list(range(1, len(kept) + 1))


def _inflict(fault: str, system: DockerSystem) -> None:
    engine, instance = system.engine, system.instance
    if fault == "kill inside":
        exits = system.status().services["chat"].exits
        engine.run(instance, "chat", ["sh", "-c", "kill -9 -1"])
        wait_for(lambda: system.status().services["chat"].exits > exits)
    elif fault == "kill container":
        system.kill("chat")
    elif fault == "restart":
        engine.restart_service(instance, "chat")
    else:
        old = system.container().id
        system.down()
        assert system.containers() == []
        system.up()
        assert system.container().id != old


def _send_until(person: "Person", stop: threading.Event, acknowledged: dict[str, int]) -> None:
    """Send one message after the other, each until it is acknowledged."""
    number = 0
    while not stop.is_set():
        client_id = f"m{number}"
        try:
            answer = person.post_message(client_id, f"message {number}")
        except httpx.TransportError:
            continue
        if answer.status_code in (200, 201):
            acknowledged[client_id] = answer.json()["seq"]
            number += 1


def _wait_until_ready(system: DockerSystem) -> None:
    wait_for(lambda: system.status().services["chat"].settled)


def _inside(system: DockerSystem, line: str) -> int:
    """Run a line of shell in the container; returns its exit code."""
    with Path("/dev/null").open("wb") as nowhere:
        return system.engine.run(system.instance, "chat", ["sh", "-c", line], None, nowhere)


class Person:
    """Somebody with a conversation of their own."""

    def __init__(self, system: DockerSystem) -> None:
        self.url = system.status().address or ""
        name = f"d{uuid.uuid4().hex[:12]}"
        body = {"username": name, "password": "correct horse", "display_name": "D"}
        tokens = httpx.post(f"{self.url}/api/v1/auth/register", json=body, timeout=20).json()
        self.headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        other = httpx.post(
            f"{self.url}/api/v1/auth/register", json={**body, "username": f"{name}o"}, timeout=20
        ).json()
        direct = {"kind": "direct", "member_ids": [other["user_id"]]}
        self.conversation = self._post("/conversations", direct).json()["id"]

    def _post(self, path: str, body: object) -> httpx.Response:
        return httpx.post(f"{self.url}/api/v1{path}", json=body, headers=self.headers, timeout=20)

    def post_message(self, client_id: str, text: str) -> httpx.Response:
        """Send a message."""
        body = {"client_id": client_id, "body": text}
        return self._post(f"/conversations/{self.conversation}/messages", body)

    def send(self, text: str) -> int:
        """Send a message; returns the status."""
        return self.post_message(uuid.uuid4().hex, text).status_code

    def history(self) -> Iterator[dict[str, Any]]:
        """Yield every message in order."""
        after = 0
        path = f"{self.url}/api/v1/conversations/{self.conversation}/messages"
        while True:
            query = {"after": after, "limit": 100}
            page = httpx.get(path, params=query, headers=self.headers, timeout=20).json()["items"]
            if not page:
                return
            yield from page
            after = page[-1]["seq"]

    def socket(self) -> websocket.WebSocket:
        """Open a Socket.IO connection."""
        ticket = self._post("/realtime/tickets", None).json()["ticket"]
        address = self.url.replace("http", "ws", 1)
        query = f"EIO=4&transport=websocket&ticket={ticket}"
        socket = websocket.create_connection(f"{address}/socket.io/?{query}", timeout=20)
        socket.recv()
        socket.send("40")
        while not str(socket.recv()).startswith("40"):
            pass  # an event may come before the answer to our connecting
        return socket
