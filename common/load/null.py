"""A server that does nothing: it shows how much the load generator itself can do.

`python -m load.null PORT`. It answers whatever arrives with the same bytes, about as long as a
page of history.
"""

import asyncio
import sys

_BODY = b'{"items": [' + b'"%060d",' % 0 * 200 + b"0]}"
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b'Server-Timing: app;dur=0.01, db;dur=0.01;desc="1 query"\r\n'
    b"Content-Length: %d\r\n\r\n" % len(_BODY)
) + _BODY


class _Null(asyncio.Protocol):
    """Answers each packet; clients here send a request in one and wait for its answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what TCP servers get
        self._transport = transport

    def data_received(self, _data: bytes) -> None:
        self._transport.write(_ANSWER)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Null, "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
