"""A small TCP proxy on 127.0.0.1 whose connections can be slowed, cut, or robbed of answers."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

CHUNK = 64 * 1024


class Proxy:
    """Passes bytes between whoever connects to `url` and one address.

    The attributes may be changed at any time: `delay` (seconds before each packet is passed on),
    `lose_answers` (the share of packets from the server at which the connection is cut instead).
    """

    def __init__(self, port: int, seed: int = 1) -> None:
        self.delay = 0.0
        self.lose_answers = 0.0
        self.lost = 0
        self.url = ""
        self._target = port
        self._dice = random.Random(seed)  # noqa: S311 - no secret
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @contextlib.contextmanager
    def running(self) -> Iterator["Proxy"]:
        """Listen; close everything in the end."""
        self._thread.start()
        try:
            self._call(self._listen())
            yield self
        finally:
            self._call(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    def cut(self) -> None:
        """Cut every connection that is open now."""
        self._call(self._cut())

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _close(self) -> None:
        self._server.close()
        await self._cut()
        passing_on = asyncio.all_tasks() - {asyncio.current_task()}
        if passing_on:
            await asyncio.wait(passing_on, timeout=4)

    async def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, upstream[1]}
        try:
            await asyncio.gather(
                self._pass_on(reader, upstream[1], is_answer=False),
                self._pass_on(upstream[0], writer, is_answer=True),
            )
        finally:
            self._open -= {writer, upstream[1]}

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                if is_answer and self._dice.random() < self.lose_answers:
                    self.lost += 1
                    break
                writer.write(data)
                await writer.drain()
        # Both directions end together: half a connection is of no use to HTTP.
        writer.transport.abort()
