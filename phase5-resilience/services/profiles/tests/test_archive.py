"""The profiles of an archive come back byte for byte, or are refused whole, naming the bad line."""

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from chassis import services, transfer
from chassis.archive import Refused
from chassis.database import Database
from profiles.archive import sections

T0 = 1_790_000_000_000
Records = list[dict[str, Any]]


def small() -> Records:
    """Return two profiles, on lines 2 and 3; one is as nobody can write it any more."""
    odd = {"display_name": "\u200b", "bio": "Z" + "\u0301" * 400}
    return [
        {
            "type": "profile",
            "user_id": f"0190000{n}-0000-7000-8000-000000000000",
            "username": name,
            "display_name": f"שם {name}",
            "bio": "",
            "created_at": T0,
            "updated_at": T0 + n,
            **more,
        }
        for n, (name, more) in enumerate({"ann": {}, "bob": odd}.items())
    ]


def sealed(records: Records) -> bytes:
    """Return an archive whose header and trailer are right."""

    def line(record: dict[str, Any]) -> bytes:
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    header = {"type": "header", "format": "chat-archive", "version": 1}
    lines = [line(header), *map(line, records)]
    counts = {"profile": sum(one["type"] == "profile" for one in records)}
    sha256 = hashlib.sha256(b"".join(lines)).hexdigest()
    return b"".join([*lines, line({"type": "trailer", "counts": counts, "sha256": sha256})])


def _load(app: Flask, archive: bytes) -> None:
    database = services.of(app).get(Database)
    transfer.import_archive(database, sections, io.BytesIO(archive), lambda _done: None)


def test_export_after_import_gives_the_same_bytes(app: Flask) -> None:
    _load(app, sealed(small()))
    target = io.BytesIO()
    transfer.export_archive(services.of(app).get(Database), sections, target, lambda _done: None)
    assert target.getvalue() == sealed(small())


def _set(position: int, **fields: Any) -> Callable[[Records], None]:
    return lambda records: records[position - 2].update(fields)


@pytest.mark.parametrize(
    ("change", "bad_line", "reason"),
    [
        pytest.param(_set(2, type="user"), 2, "does not know records", id="auth's"),
        pytest.param(list.reverse, 3, "stands in the wrong place", id="out of order"),
        pytest.param(_set(2, username="A"), 2, "profile.username", id="a bad username"),
        pytest.param(_set(2, admin=True), 2, "profile.admin", id="an unknown field"),
        pytest.param(_set(2, created_at="1"), 2, "profile.created_at", id="a text for a number"),
        pytest.param(_set(3, display_name=" "), 3, "profile.display_name", id="a name of spaces"),
    ],
)
def test_what_is_wrong_is_refused_by_line_and_leaves_nothing(
    app: Flask, change: Callable[[Records], None], bad_line: int, reason: str
) -> None:
    records = small()
    change(records)
    with pytest.raises(Refused) as refusal:
        _load(app, sealed(records))
    assert refusal.value.line == bad_line, refusal.value
    assert reason in refusal.value.reason
    with services.of(app).get(Database).read() as connection:
        assert transfer.is_empty(connection)
