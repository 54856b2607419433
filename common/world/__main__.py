"""`python -m world`: writes the archive of a world to standard output."""

import argparse
import os
import sys
from datetime import UTC, date, datetime

from world.generate import SIZES, generate


def main() -> int:
    """Read the command line and generate; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m world", description=__doc__)
    parser.add_argument("--size", choices=list(SIZES), default="demo")
    parser.add_argument("--number", type=int, default=1, help="another number, another world")
    parser.add_argument(
        "--day",
        type=date.fromisoformat,
        default=datetime.now(UTC).date(),
        help="the world ends at its beginning (UTC); today, unless given: 2026-11-23",
    )
    given = parser.parse_args()
    try:
        generate(given.size, given.number, given.day, sys.stdout.buffer)
    except BrokenPipeError:  # whoever reads has had enough, and says why
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
