"""What is said of a socket, under which id, what is counted, and how all of it ends."""

import contextlib
import signal
from collections.abc import Callable
from functools import partial

import httpx
import socketio
import structlog
from brokers import Host
from playing import Happening, Person, Server, got, handshake, handshake_url
from structlog.testing import capture_logs
from waiting import wait_for

from chassis import context
from chassis.logs import with_request
from realtime.observed import observed

Start = Callable[..., Server]


def test_an_event_of_a_socket_has_an_id_and_names_its_handshake() -> None:
    seen: list[context.RequestContext] = []

    @observed(seen.append, own_id=True)
    def handler(_data: str) -> str:
        structlog.get_logger().info("in.a.handler")
        context.spend("store", 0.5, 2)
        return "done"

    begun = context.enter("my-handshake")
    with capture_logs(processors=[with_request]) as written:
        assert handler("x") == "done"
    assert context.current() is begun
    assert written[0]["cause"] == "my-handshake"
    assert written[0]["request_id"] == seen[0].request_id != "my-handshake"
    assert seen[0].spans["store"].count == 2


def test_a_socket_is_opened_under_its_handshake_and_both_ends_tell_whose_it_was(
    server: Server,
) -> None:
    ann = Person(server)
    client, _ = ann.connect(headers={"X-Request-ID": "my-handshake"})
    opened = wait_for(lambda: server.lines("socket.opened"))[0]
    assert (opened["request_id"], opened["user_id"]) == ("my-handshake", ann.id)
    client.disconnect()
    closed = wait_for(lambda: server.lines("socket.closed"))[0]
    assert closed["user_id"] == ann.id


def test_many_at_once_are_told_apart(server: Server) -> None:
    """Greenlets share a thread: what is one's own must not lie with it."""
    people = [Person(server) for _ in range(20)]
    clients = [one.connect(headers={"X-Request-ID": f"handshake-{one.id}"})[0] for one in people]
    opened = wait_for(lambda: len(server.lines("socket.opened")) == 20 and server.lines())
    of_opened = [line for line in opened if line["event"] == "socket.opened"]
    assert {line["request_id"] for line in of_opened} == {f"handshake-{one.id}" for one in people}
    assert all(line["request_id"] == f"handshake-{line['user_id']}" for line in of_opened)
    for client in clients:
        client.disconnect()


def test_sockets_and_refusals_are_counted(start: Start) -> None:
    server = start(CHAT_SOCKETS_MAX="1")
    ann = Person(server)
    client, _ = ann.connect()
    wait_for(lambda: server.metric("chat_sockets_open") == 1)
    assert handshake(handshake_url(server, ann.ticket())).status_code == 503
    assert server.metric("chat_problems_total", type="sockets-full") == 1
    client.disconnect()
    wait_for(lambda: server.metric("chat_sockets_open") == 0)


def test_its_numbers_are_on_a_listener_of_their_own(server: Server) -> None:
    assert httpx.get(f"{server.url}/metrics").status_code == 404
    assert httpx.get(f"{server.operations}/socket.io/").status_code == 404
    report = httpx.get(f"{server.operations}/readyz").json()
    found = {name: one["state"] for name, one in report["dependencies"].items()}
    assert (report["status"], found) == ("degraded", {"store": "up", "broker": "down"})


def test_a_stopping_server_says_so_serves_on_and_lets_sockets_go(
    start: Start, host: Host, happening: Happening
) -> None:
    server = start(**host.environment)
    ann, ben = Person(server), Person(server)
    group = happening.group(ann, ben)
    sockets = [person.connect() for person in (ann, ben, ann)]

    server.terminate()
    wait_for(lambda: httpx.get(f"{server.url}/readyz").status_code == 503)
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    sockets[0][0].emit("typing", {"conversation_id": group})
    wait_for(lambda: got(sockets[1][1], "typing"))

    for client, events in sockets:
        wait_for(partial(_is_closed, client))
        closing = [data["data"] for name, data in events if name == "connection.closing"]
        assert closing == [{"reason": "server-stopping", "reconnect": True, "max_delay_ms": 5000}]
    assert server.process.wait(timeout=30) == 0


def _is_closed(client: socketio.Client) -> bool:
    return not client.connected


def test_an_interrupt_in_the_terminal_ends_it_at_once(server: Server) -> None:
    client, _ = Person(server).connect()
    server.process.send_signal(signal.SIGINT)
    server.process.wait(timeout=30)
    wait_for(lambda: not client.connected)


def test_no_log_holds_what_somebody_has_sent(start: Start) -> None:
    server = start(CHAT_LOG_LEVEL="DEBUG")
    ann = Person(server)
    ticket = ann.ticket()
    client, _ = ann.connect(f"{ticket}&x=secret-query")
    client.emit("typing", {"conversation_id": "secret-typing", "extra": "secret-extra"})
    client.emit("secret-event", {"x": "secret-data"})
    client.disconnect()
    with contextlib.suppress(httpx.HTTPError):
        handshake(handshake_url(server, "secret-ticket"))
    wait_for(lambda: server.lines("socket.closed"))
    said = server.log.read_text() + server.metrics()
    assert "secret" not in said
    assert ticket not in said
