"""`python -m chassis.probe URL`: the health check, for images that have no curl."""

import sys
import urllib.error
import urllib.request


def main(url: str) -> int:
    """Return 0 when the URL answers with a status below 400 within two seconds."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - the URL comes from compose.yaml
            return 0
    except (urllib.error.URLError, OSError) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
