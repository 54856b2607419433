"""What every answer carries, and in which form it comes."""

import gzip

import httpx
import pytest
from gateways import Gateway, Service, ok, problem_of

from chassis.web import SAFE_HEADERS
from chat.site import PHASE, lay_out

WEB = PHASE.parent / "common" / "web"
CONTRACT = PHASE.parent / "common" / "contract"
LONG = b'{"text":"' + b"ha" * 1000 + b'"}'


@pytest.fixture
def site(gateway: Gateway) -> Gateway:
    """A gateway with the files that it sends."""
    lay_out(WEB, CONTRACT, PHASE, gateway.directory / "site")
    return gateway


def get(gateway: Gateway, path: str, **headers: str) -> httpx.Response:
    return httpx.get(gateway.url + path, headers={"Accept-Encoding": "identity", **headers})


def test_safe_headers_stand_once_on_every_answer(site: Gateway, service: Service) -> None:
    mine = [f"{name}: something" for name in SAFE_HEADERS]
    service.answers = [ok(b"{}", *mine, "X-Request-ID: mine-alone", "X-Powered-By: p", "Via: v")]
    for path in ("/", "/api/docs/", "/lesson.md", "/api/v1/system", "/nothing", "/healthz"):
        headers = get(site, path).headers
        for name in ("X-Request-ID", *SAFE_HEADERS):
            (value,) = headers.get_list(name)
            assert value not in ("something", "mine-alone"), (path, name)
        assert not {"x-powered-by", "via", "last-modified"} & headers.keys()


def test_answers_of_services_are_never_kept(gateway: Gateway, service: Service) -> None:
    service.answers = [ok(b"{}", "Cache-Control: public")]
    assert get(gateway, "/api/v1/profiles/me").headers["Cache-Control"] == "no-store"


def test_server_timing_names_the_gateways_time_and_the_service(
    gateway: Gateway, service: Service
) -> None:
    service.answers = [ok(b"{}", "Server-Timing: app;dur=1.5")]
    app, own = get(gateway, "/api/v1/system").headers["Server-Timing"].split(", ")
    assert app == "app;dur=1.5"
    name, duration, says = own.split(";")
    assert (name, says) == ("gateway", "desc=monolith")
    assert 0 <= int(duration.removeprefix("dur=")) < 5000


def test_long_answers_are_compressed_for_who_can_read_that(
    gateway: Gateway, service: Service
) -> None:
    service.answers = [ok(LONG)]
    for accepted, packed in {"gzip": True, "br, gzip;q=0.5": True, "gzip;q=0": False}.items():
        answer = get(gateway, "/api/v1/profiles/me", **{"Accept-Encoding": accepted})
        assert (answer.headers.get("Content-Encoding") == "gzip") is packed
        assert answer.content == LONG
        assert answer.headers["Vary"] == "Accept-Encoding"
    service.answers = [ok(LONG[:1000])]
    answer = get(gateway, "/api/v1/profiles/me", **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/realtime/tickets"])
def test_what_holds_a_token_keeps_its_length(gateway: Gateway, service: Service, path: str) -> None:
    service.answers = [ok(LONG)]
    answer = get(gateway, path, **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Length"] == str(len(LONG))


def test_files_come_as_they_are_or_compressed_ahead_of_time(site: Gateway) -> None:
    plain = get(site, "/lesson")
    packed = get(site, "/lesson", **{"Accept-Encoding": "gzip"})
    assert plain.content == packed.content
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] != plain.headers["ETag"]
    on_disk = (site.directory / "site" / "gzip" / "lesson.html").read_bytes()
    assert int(packed.headers["Content-Length"]) == len(on_disk)
    assert gzip.decompress(on_disk) == plain.content


def test_a_page_is_asked_after_and_what_it_names_is_kept_for_ever(site: Gateway) -> None:
    page = get(site, "/")
    assert page.headers["Cache-Control"] == "no-cache"
    same = get(site, "/", **{"If-None-Match": page.headers["ETag"]})
    assert same.status_code == 304
    named = [part.partition('"')[0] for part in page.text.split('"/web/')[1:]]
    assert len(named) > 4
    for name in named:
        part = get(site, f"/web/{name}")
        assert part.status_code == 200, name
        assert part.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    gone = get(site, "/web/000000000000/js/main.js")
    assert (problem_of(gone), gone.headers["Cache-Control"]) == ("not-found", "no-store")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/api/docs/problems", "text/html; charset=utf-8"),
        ("/api/docs/docs.css", "text/css; charset=utf-8"),
        ("/api/docs/docs.js", None),
        ("/api/openapi.yaml", "application/yaml"),
        ("/architecture.svg", "image/svg+xml"),
        ("/lesson.md", "text/markdown; charset=utf-8"),
    ],
)
def test_files_say_what_they_are(site: Gateway, path: str, kind: str | None) -> None:
    answer = get(site, path)
    assert (answer.headers["Content-Type"] if answer.status_code == 200 else None) == kind


def test_addresses_without_a_slash_lead_to_where_relative_links_work(gateway: Gateway) -> None:
    answer = get(gateway, "/api/docs", **{"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.headers["Location"]) == (308, "/api/docs/")
    assert "Content-Encoding" not in answer.headers


def test_files_can_only_be_read(site: Gateway) -> None:
    for method in ("POST", "DELETE", "TRACE"):
        answer = httpx.request(method, f"{site.url}/lesson")
        assert (answer.status_code, problem_of(answer)) == (405, "method-not-allowed")
        assert answer.headers["Allow"] == "GET, HEAD"
    assert httpx.head(f"{site.url}/lesson").status_code == 200


def test_files_beside_the_site_stay_private(site: Gateway) -> None:
    secret = site.directory / "site" / "secret"
    secret.write_text("secret")
    for path in ("/secret", "/..%2fsecret", "/%2e%2e/secret", "/web/../../secret", "/web/%00"):
        assert b"secret" not in site.raw(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
