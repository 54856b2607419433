"""Many rows at a time: how they are fetched is nobody else's business."""

from flask import Flask
from sqlalchemy import text

from chassis import services
from chassis.database import Database
from chassis.rows import BATCH, stream


def test_what_else_a_connection_executes_is_not_fetched_in_batches(app: Flask) -> None:
    with services.of(app).get(Database).read(one_moment=True) as connection:
        streamed = stream(connection, text("SELECT 1"))  # type: ignore[arg-type]
        assert "yield_per" not in connection.get_execution_options()
        assert len(list(streamed)) == 1 < BATCH
