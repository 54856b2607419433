"""The supervisor's end of the control socket."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from lab.instance import Instance
from lab.native.control import SOCKET, short_path

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


async def serve(instance: Instance, handle: Handler) -> asyncio.Server:
    """Answer commands until the server is closed."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            reply = await handle(json.loads(await reader.readline()))
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()

    (instance.directory / SOCKET).unlink(missing_ok=True)
    with short_path(instance.directory) as path:
        return await asyncio.start_unix_server(answer, path)
