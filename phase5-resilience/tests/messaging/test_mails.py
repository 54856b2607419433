"""From a message to a mail: through every process there is, and whatever of them is away."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from brokers import Worker, rows
from caching import free_port
from people import Somebody
from postgres import settings_for
from stand_in import create_app
from waiting import wait_for

Start = Callable[..., Worker]
READERS = ("chat.relay", "chat.consumers.notifications", "chat.consumers.mail")


def test_who_has_not_read_gets_one_mail(
    tmp_path: Path, url: str, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    smtp, page = (f"127.0.0.1:{free_port()}" for _ in range(2))
    for name, value in {"SMTP": smtp, "DIGEST_AFTER": "0"}.items():
        monkeypatch.setenv(f"CHAT_{name}", value)
    client = create_app(settings_for(tmp_path)).test_client()
    ada, bob = (Somebody(client, name) for name in ("ada", "bob"))
    wishes = {"mentions": True, "direct": True, "digest": True, "email": "bob@example.org"}
    bob.do("PUT", "/notifications/preferences", wishes)
    ada.send(ada.group(bob), "a", "my secret for @bob")

    start("chat.mailbox", smtp, page)
    processes = [start(module) for module in READERS]
    shown = wait_for(lambda: "bob@example.org" in _page(page) and _page(page), 30)
    assert (shown.count("<pre>"), shown.count("Message-ID")) == (1, 1)
    assert "ada in “G”: 1" in shown
    assert "secret" not in shown
    assert [one.stop() for one in processes] == [0, 0, 0]
    assert rows(url, "SELECT count(*) FROM notifications WHERE mailed_at IS NULL") == [(0,)]


def _page(address: str) -> str:
    try:
        return httpx.get(f"http://{address}/").text
    except httpx.TransportError:
        return ""
