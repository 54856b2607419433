"""What goes wrong between a browser and the server, and the server's own death."""

import shlex
import signal
import subprocess
import time
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Route, WebSocketRoute

from lab import engines
from web_support.people import PATIENCE


def problem(slug: str, status: int, retry_after: int | None = None) -> Callable[[Route], None]:
    """Make a route handler that answers with a problem document."""
    body = {"type": f"/api/docs/problems#{slug}", "title": slug, "status": status, "detail": slug}
    headers = {"Content-Type": "application/problem+json"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)

    def answer(route: Route) -> None:
        route.fulfill(status=status, json=body, headers=headers)

    return answer


def lose_answer(route: Route) -> None:
    """Let the server act, and lose its answer on the way back."""
    route.fetch()
    route.abort()


class Sockets:
    """Stands between the page's sockets and the server: can drop events, speak up, and cut."""

    def __init__(self, page: Page) -> None:
        self.dropping = False
        self.dropped = 0
        self.opened = 0
        self._page = page
        self._current: WebSocketRoute | None = None
        page.route_web_socket("**/socket.io/**", self._on_socket)

    def _on_socket(self, ws: WebSocketRoute) -> None:
        server = ws.connect_to_server()
        self._current = ws
        self.opened += 1

        def to_page(message: str | bytes) -> None:
            if self.dropping and str(message).startswith("42"):
                self.dropped += 1
            else:
                ws.send(message)

        server.on_message(to_page)

    def await_dropped(self, count: int) -> None:
        """Wait until so many events have been lost, and lose no more."""
        deadline = time.monotonic() + PATIENCE
        while self.dropped < count:
            assert time.monotonic() < deadline, f"only {self.dropped} of {count} events came"
            self._page.wait_for_timeout(20)
        self.dropping = False

    def say(self, packet: str) -> None:
        """Send the page a packet as if the server had."""
        assert self._current
        self._current.send(packet)

    def cut(self) -> None:
        """Close the page's socket."""
        assert self._current
        self._current.close(code=1001)


class Cable:
    """The way to the API, pulled and plugged in; the page's own files still load."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context

    def pull(self) -> None:
        """Fail every request to the API and to the socket."""
        self._context.route("**/api/**", lambda route: route.abort())

    def plug(self) -> None:
        """Let requests through again."""
        self._context.unroute("**/api/**")


def kill_server(url: str, command: str | None) -> None:
    """Kill the server hard; lab, which started it, starts it again, on either engine."""
    if command:
        subprocess.run(shlex.split(command), check=True)
        return
    for instance in engines.running():
        engine = engines.of(instance)
        status = engine.status(instance)
        if status is not None and status.address == url:
            engine.signal_service(instance, "chat", signal.SIGKILL)
            return
    raise AssertionError(f"lab did not start {url}: say --kill-command")
