"""Requests that come whether or not those before are answered, as people do.

`python -m drill.arrivals URL TOKEN PATH RATE SECONDS` is a process of its own, so that it
takes nothing from who measures; it prints JSON.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from load.recorder import percentile

PATIENCE = 1.0
"""Seconds after which an answer is of no use any more."""
GIVEN_UP = 5.0


@dataclass(frozen=True)
class Arrived:
    """What became of them: per second; milliseconds of the good ones."""

    offered: float
    good: float
    """Answered well, and within a second."""
    refused: float
    """Told to come again."""
    late: float
    """Answered too late or not at all, or with an error."""
    p50: float
    p99: float
    refused_p99: float


def arrive(url: str, token: str, path: str, rate: float, seconds: float) -> Arrived:
    """Let so many come per second, for so long."""
    words = [url, token, path, str(rate), str(seconds)]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "drill.arrivals", *words],
        check=True,
        capture_output=True,
        timeout=seconds + 30,
    )
    return Arrived(**json.loads(done.stdout))


class Crowd:
    """Connections that are used again, as many as are needed at once."""

    def __init__(self, url: str, token: str, path: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        head = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
        self._request = f"{head}\r\n".encode()
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.ends: Counter[str] = Counter()
        self.good: list[float] = []
        self.refused: list[float] = []

    async def ask(self) -> None:
        """Ask once, and note what became of it."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(GIVEN_UP):
                status = await self._exchange()
        except (OSError, TimeoutError, ValueError, EOFError):
            status = 0
        took = time.perf_counter() - began
        if status in {429, 503}:
            self.refused.append(took * 1000)
        elif status == 200 and took <= PATIENCE:
            self.good.append(took * 1000)
        else:
            self.ends["late"] += 1

    async def _exchange(self) -> int:
        reader, writer = (
            self._free.pop()
            if self._free
            else await asyncio.open_connection(self._host, self._port)
        )
        writer.write(self._request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        if b"connection: close" in head:
            writer.close()
        else:
            self._free.append((reader, writer))
        return int(head.split(None, 2)[1])


async def _run(crowd: Crowd, rate: float, seconds: float) -> None:
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(began + number / rate - time.perf_counter(), 0))
            tasks.create_task(crowd.ask())


def main(url: str, token: str, path: str, rate: str, seconds: str) -> None:
    """Ask, and print what became of it."""
    crowd = Crowd(url, token, path)
    asyncio.run(_run(crowd, float(rate), float(seconds)))
    lasted = float(seconds)
    arrived = Arrived(
        offered=int(float(rate) * lasted) / lasted,
        good=len(crowd.good) / lasted,
        refused=len(crowd.refused) / lasted,
        late=crowd.ends["late"] / lasted,
        p50=percentile(sorted(crowd.good), 0.5) if crowd.good else 0.0,
        p99=percentile(sorted(crowd.good), 0.99) if crowd.good else 0.0,
        refused_p99=percentile(sorted(crowd.refused), 0.99) if crowd.refused else 0.0,
    )
    print(json.dumps(vars(arrived)))


if __name__ == "__main__":
    main(*sys.argv[1:])
