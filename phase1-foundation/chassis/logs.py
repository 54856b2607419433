"""Log lines on standard output, each with the id of the request that caused it."""

import logging
import sys

from chassis import context


class RequestIdFilter(logging.Filter):
    """Gives every record the current request's id."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add `request_id` to the record; keep every record."""
        record.request_id = context.request_id() or "-"
        return True


def set_up(level: str) -> None:
    """Send every log line of `level` and above to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(RequestIdFilter())
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
