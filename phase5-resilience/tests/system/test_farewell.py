"""SIGTERM: not ready, a moment more of service, then gone."""

import threading

import httpx
from running import Person, Server, wait_for


def test_a_stopping_server_says_so_and_serves_on(server: Server) -> None:
    server.start()
    ann = Person(server.url)
    conversation = ann.group()
    server.terminate()
    wait_for(lambda: httpx.get(f"{server.url}/readyz").status_code == 503)
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    assert ann.send(conversation, "while-stopping").status_code == 201
    assert server.process.wait(timeout=30) == 0


def test_every_request_that_is_taken_is_answered_whole(server: Server) -> None:
    server.start()
    ann = Person(server.url)
    conversation = ann.group()
    codes: list[int] = []

    def send_until_refused() -> None:
        for number in range(10_000):
            try:
                codes.append(ann.send(conversation, f"m{number}").status_code)
            except httpx.TransportError:
                return  # not taken any more: the port closes

    sender = threading.Thread(target=send_until_refused)
    sender.start()
    wait_for(lambda: len(codes) > 5)
    server.terminate()
    server.process.wait(timeout=30)
    sender.join(timeout=30)
    assert not sender.is_alive()
    assert set(codes) == {201}


def test_an_interrupt_in_the_terminal_ends_it_at_once(server: Server) -> None:
    server.start()
    server.process.send_signal(2)
    server.process.wait(timeout=30)
