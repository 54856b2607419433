"""A real Alertmanager, with our configuration, and the bot: what it says is understood."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
from conftest import Start
from playing import TOKEN, Chat
from redises import free_port
from waiting import PHASE, wait_for


class Silent(WSGIRequestHandler):
    """Says nothing of requests."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def alertmanager(tmp_path: Path, start: Start) -> Iterator[str]:
    """Its address; it tells a bot."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("Alertmanager is not installed: apt-get install prometheus-alertmanager")
    server = make_server("127.0.0.1", 0, start().application, handler_class=Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    text = (PHASE / "monitoring" / "alertmanager.yml").read_text()
    for old, new in {
        "operations-bot:8000": f"127.0.0.1:{server.server_port}",
        "/run/secrets/alerts-token": str(tmp_path / "token"),
        "group_wait: 5s": "group_wait: 100ms",
        "group_interval: 15s": "group_interval: 1s",
    }.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "alertmanager.yml").write_text(text)
    port = free_port()
    process = subprocess.Popen(
        [
            program,
            f"--config.file={tmp_path / 'alertmanager.yml'}",
            f"--storage.path={tmp_path / 'kept'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=error",
        ]
    )
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(url))
    yield url
    process.terminate()
    process.wait(20)
    server.shutdown()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready").is_success
    except httpx.TransportError:
        return False


def tell(url: str, name: str, *, seconds: float = 300, **labels: str) -> None:
    """Say as Prometheus does that an alert fires, until so many seconds from now."""
    now = datetime.now(UTC)
    alert = {
        "labels": {"alertname": name, "severity": "page", **labels},
        "annotations": {"summary": "It hurts.", "runbook_url": f"monitoring/runbooks/{name}.md"},
        "startsAt": (now - timedelta(minutes=1)).isoformat(),
        "endsAt": (now + timedelta(seconds=seconds)).isoformat(),
    }
    httpx.post(f"{url}/api/v2/alerts", json=[alert]).raise_for_status()


def said(chat: Chat) -> list[str]:
    return [body for group in chat.groups.values() for body in group.sent.values()]


def test_its_alerts_are_posted_as_they_begin_and_end(alertmanager: str, chat: Chat) -> None:
    tell(alertmanager, "ServiceDown", service="profiles")
    (begun,) = wait_for(lambda: said(chat))
    assert begun.startswith("🔴 ServiceDown (page, since ")
    assert "It hurts." in begun
    tell(alertmanager, "ServiceDown", service="profiles", seconds=0)
    wait_for(lambda: [one for one in said(chat) if one.startswith("🟢 ServiceDown is over")])


def test_it_goes_on_trying_while_the_chat_is_away(alertmanager: str, chat: Chat) -> None:
    chat.away = True
    tell(alertmanager, "ErrorBudgetBurns", slo="send-answered", burn="fast")
    failed = "alertmanager_notification_requests_failed_total"
    wait_for(
        lambda: (
            f'{failed}{{integration="webhook"}} 0' not in httpx.get(f"{alertmanager}/metrics").text
        )
    )
    chat.away = False
    wait_for(lambda: said(chat), within=60)


def test_what_burns_fast_is_not_told_as_burning_slowly_too(alertmanager: str, chat: Chat) -> None:
    for slo in ("send-answered", "list-fast"):
        tell(alertmanager, "ErrorBudgetBurns", slo=slo, burn="slow")
        if slo == "send-answered":
            tell(alertmanager, "ErrorBudgetBurns", slo=slo, burn="fast")
    tell(alertmanager, "CacheDown")  # told later than what is held back would be
    wait_for(lambda: [one for one in said(chat) if "CacheDown" in one])
    wait_for(lambda: len(said(chat)) >= 3)
    url = f"{alertmanager}/api/v2/alerts?inhibited=true&active=false"
    (held,) = [one["labels"] for one in httpx.get(url).json()]
    assert (held["slo"], held["burn"]) == ("send-answered", "slow")


def test_who_has_another_token_is_not_heard(alertmanager: str, chat: Chat, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"not {TOKEN}")  # Alertmanager reads it for each request
    tell(alertmanager, "ServiceDown", service="profiles")
    failed = 'alertmanager_notification_requests_failed_total{integration="webhook"}'
    wait_for(lambda: f"{failed} 0" not in httpx.get(f"{alertmanager}/metrics").text)
    assert said(chat) == []
