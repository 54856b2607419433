"""`python -m chat.mailbox SMTP PAGE`: stands for a mail provider, on two addresses.

It takes every mail, delivers none, keeps the last ones in memory, and shows them on a page.
"""

import email
import sys
from collections import deque
from email.message import Message
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from aiosmtpd.controller import Controller

from chassis.messaging.process import until_stopped
from chassis.messaging.settings import WorkerSettings

KEPT, SIZE_MAX = 200, 64 * 1024
PAGE = "<!doctype html><meta charset=utf-8><title>Mailbox</title><h1>Mailbox</h1>{}"


class Mailbox:
    """The last mails, the newest first."""

    def __init__(self) -> None:
        self.mails: deque[Message] = deque(maxlen=KEPT)

    def listen(self, host: str, port: int) -> Controller:
        """Take mails from now on, until the controller is stopped."""
        controller = Controller(self, host, port, data_size_limit=SIZE_MAX)
        controller.start()
        return controller

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a mail; aiosmtpd calls this."""
        self.mails.appendleft(email.message_from_bytes(envelope.content))
        return "250 kept"

    def page(self) -> str:
        """Return all mails as HTML."""
        mails = list(self.mails)  # while another may come
        return PAGE.format("".join(f"<pre>{escape(_text(one))}</pre><hr>" for one in mails))


def _text(mail: Message) -> str:
    body = mail.get_payload(decode=True)
    shown = body.decode(errors="replace") if isinstance(body, bytes) else "(several parts)"
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), "", shown])


def main(smtp: str, page: str) -> int:
    """Take mails and show them until stopped; return the exit code."""
    mailbox = Mailbox()

    class Page(BaseHTTPRequestHandler):
        """Answers every GET."""

        timeout = 5

        def do_GET(self) -> None:
            """Show all mails."""
            shown = mailbox.page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", "default-src 'none'")
            self.send_header("Content-Length", str(len(shown)))
            self.end_headers()
            self.wfile.write(shown)

        def log_message(self, *_: object) -> None:
            """Say nothing of requests."""

    def run(stopping: Event) -> None:
        controller = mailbox.listen(*_address(smtp))
        Thread(target=ThreadingHTTPServer(_address(page), Page).serve_forever, daemon=True).start()
        stopping.wait()
        controller.stop()

    return until_stopped("mailbox", WorkerSettings(), run)


def _address(written: str) -> tuple[str, int]:
    host, _, port = written.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
