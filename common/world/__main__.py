"""`python -m world`: writes the archive of a world to standard output."""

import argparse
import sys
from datetime import UTC, date, datetime

from world.generate import SIZES, generate


def main() -> None:
    """Read the command line and generate."""
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
    generate(given.size, given.number, given.day, sys.stdout.buffer)


if __name__ == "__main__":
    main()
