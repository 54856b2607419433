"""Log lines: one JSON object each, with the id of what caused it.

An event has a name and fields, and no sentences: those can be read, but not counted.
"""

import logging
import sys
import threading
from typing import Any, TextIO

import orjson
import structlog

from chassis import context
from chassis.redaction import Fields, describe_exception, mask

log = structlog.get_logger()


def set_up(level: str, to: TextIO = sys.stdout) -> None:
    """Write every event of `level` and above, ours and the libraries'."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", key="time"),
            structlog.processors.add_log_level,
            with_request,
            describe_exception,
            mask,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(to.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=threshold, handlers=[FromLibraries()], force=True)
    logging.raiseExceptions = False  # it would print the record
    for name in ("engineio.server", "socketio.server"):
        logging.getLogger(name).setLevel(logging.ERROR)  # else each adds a handler of its own
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # what matters of it we say ourselves
    threading.excepthook = lambda died: log.error("thread.died", exc_info=died.exc_value)


def with_request(_logger: Any, _method: str, fields: Fields) -> Fields:
    """Add the id of the current request and what was bound to it; a processor for structlog."""
    request = context.current()
    return {**request.fields, "request_id": request.request_id, **fields} if request else fields


class FromLibraries(logging.Handler):
    """Passes on what libraries log by the standard library; the logger's name is the event's.

    From warnings on, their sentences may quote a request ("Invalid header: …", with a token in it).
    Of those only what stands in the library's source is kept.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        source = str(record.msg) if record.args else str(record.msg).partition(":")[0]
        said = record.getMessage() if record.levelno < logging.WARNING else source
        log.log(record.levelno, record.name, said=said, exc_info=record.exc_info)


def _dumps(fields: Fields, **_: Any) -> bytes:
    return orjson.dumps(fields, default=lambda value: type(value).__name__)
