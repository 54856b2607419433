"""Preferences are somebody's data: carried over as they are, refused where they are wrong."""

import io
from pathlib import Path
from typing import Any

import pytest
from archives import ANN, BOB, database_in, dump, is_empty, load, sealed, small

from chassis.archive import Refused


def wishes(user_id: str, **fields: Any) -> dict[str, Any]:
    said = {"mentions": True, "direct": False, "digest": True, "email": "ann@example.org"}
    return {"type": "preferences", "user_id": user_id, **said} | fields


def test_preferences_are_carried_over(tmp_path: Path) -> None:
    archive = b"".join(sealed([*small(), wishes(ANN), wishes(BOB, email="", direct=True)]))
    database, again = database_in(tmp_path), io.BytesIO()
    load(database, io.BytesIO(archive))
    assert dump(database, again)["preferences"] == 2
    assert again.getvalue() == archive
    database.close()


@pytest.mark.parametrize(
    "wrong",
    [
        [wishes(ANN, email="ann@example.org\nBcc: bob@example.org")],
        [wishes(ANN, email=None)],
        [wishes(ANN, mentions=1)],
        [wishes(BOB), wishes(ANN)],
        [wishes(ANN), wishes(ANN)],
    ],
)
def test_wrong_ones_are_refused(tmp_path: Path, wrong: list[dict[str, Any]]) -> None:
    database = database_in(tmp_path)
    archive = b"".join(sealed([*small(), *wrong]))
    with pytest.raises(Refused, match=r"preferences\.|wrong place"):
        load(database, io.BytesIO(archive))
    assert is_empty(database)
    database.close()
