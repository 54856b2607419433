"""Believing a proxy in front, if it is one of ours, about the address that people see."""

from collections.abc import Collection, Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Networks = Collection[IPv4Network | IPv6Network]


class TrustedProxies:
    """WSGI middleware: X-Forwarded-For, -Proto and -Host count where a trusted proxy says so.

    Anybody can send these headers. From anybody else they are passed over.
    """

    def __init__(self, app: "WSGIApplication", networks: Networks) -> None:
        self._app = app
        self._behind_proxy = ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        self._networks = networks

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request."""
        if self._networks and self._is_trusted(environ.get("REMOTE_ADDR", "")):
            return self._behind_proxy(environ, start_response)
        return self._app(environ, start_response)

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:  # a Unix socket's peer has no address
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)
