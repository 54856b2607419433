"""A tiny HTTP service: answers with what it was given; told by its environment how to behave.

BIND address · DELAY seconds before listening · STUBBORN ignores SIGTERM · FAREWELL file to
write on the stop signal · CHILD starts a process in its own session
(`stubborn`: one that ignores SIGTERM) · HELPER starts one in ours
"""

import http.server
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

SLEEPER = "import time; time.sleep(600)"
STUBBORN_SLEEPER = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers every request with this process's own view of the world."""

    def do_GET(self) -> None:
        """Answer."""
        seen = {"pid": os.getpid(), "cwd": str(Path.cwd()), "env": dict(os.environ)}
        body = json.dumps(seen).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def farewell(number: int, _frame: FrameType | None) -> None:
    """Leave a trace of which signal came."""
    if "FAREWELL" in os.environ:
        Path(os.environ["FAREWELL"]).write_text(signal.Signals(number).name, encoding="utf-8")
    sys.exit(0)


def helper(got: Path) -> list[str]:
    """Return a process that writes down a SIGTERM if it gets one."""
    code = (
        "import signal, time, pathlib\n"
        f"signal.signal(signal.SIGTERM, lambda *_: pathlib.Path({str(got)!r}).write_text('got'))\n"
        f"pathlib.Path({str(got) + '.ready'!r}).write_text('')\n"
        "time.sleep(600)"
    )
    return [sys.executable, "-c", code]


def main() -> None:
    """Serve until told to stop."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN if "STUBBORN" in os.environ else farewell)
    signal.signal(signal.SIGINT, farewell)
    if "CHILD" in os.environ:
        code = STUBBORN_SLEEPER if os.environ["CHILD"] == "stubborn" else SLEEPER
        subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    if "HELPER" in os.environ:
        subprocess.Popen(helper(Path(os.environ["HELPER"])))
    time.sleep(float(os.environ.get("DELAY", "0")))
    host, _, port = os.environ["BIND"].rpartition(":")
    print("listening", flush=True)
    http.server.ThreadingHTTPServer((host, int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
