"""The archive: a made-up one held against the rules, and that of the system under test.

The latter goes by way of `lab`, so it takes a system that lab has started from this checkout.
"""

import io
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from archive_rules import check_archive, validators
from client import Person

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from world.generate import generate

from lab import engines
from lab.data import Data
from lab.errors import LabError
from lab.instance import Instance
from lab.testing.isolated import isolated


@pytest.fixture(scope="module")
def made_up() -> bytes:
    """The archive of the demonstration world."""
    file = io.BytesIO()
    generate("demo", 1, date(2026, 11, 23), file)
    return file.getvalue()


@pytest.mark.offline
@pytest.mark.parametrize("name", sorted(validators()))
def test_a_schema_is_a_schema(name: str) -> None:
    schema = validators()[name]
    schema.check_schema(schema.schema)


@pytest.mark.offline
def test_the_made_up_world_is_an_archive(made_up: bytes) -> None:
    records = check_archive(made_up)
    counts = records[-1]["counts"]
    assert min(counts[kind] for kind in ("user", "profile", "conversation", "message")) > 40


@pytest.mark.offline
def test_a_schema_refuses_what_the_rules_exclude(made_up: bytes) -> None:
    records = check_archive(made_up)
    by_type = {record["type"]: record for record in records}
    text = next(one for one in records if one.get("kind") == "text" and one["deleted_at"] is None)
    for record, change in (
        (by_type["user"], {"username": "A"}),
        (by_type["user"], {"password_hash": "secret"}),
        (by_type["profile"], {"display_name": " x"}),
        (by_type["conversation"], {"kind": "direct", "name": "x"}),
        (by_type["member"], {"role": "boss"}),
        (text, {"seq": 0}),
        (text, {"body": None}),
        (text, {"body": "\x07"}),
        (text, {"sent_hash": None}),
        (text, {"deleted_at": 1}),
        (text, {"unknown": 1}),
    ):
        assert not validators()[record["type"]].is_valid(record | change), change


@pytest.fixture(scope="module")
def instance(url: str) -> Instance:
    """The system under test, as lab knows it."""
    for one in engines.running():
        status = engines.of(one).status(one)
        if status is not None and status.address == url:
            return one
    pytest.skip("lab did not start this system, so its archive is out of reach")


@pytest.fixture(scope="module")
def second(instance: Instance) -> Iterator[Data]:
    """The data of another system of the same phase, empty at first."""
    engine = engines.of(instance)
    with isolated(engine, instance.phase, lambda _status: None) as (other, _):
        yield Data(other)
    engine.discard(other)


def _export(data: Data, file: Path) -> bytes:
    with file.open("wb") as target:
        data.export_to(target)
    return file.read_bytes()


def test_an_archive_fills_another_system_and_comes_back_byte_for_byte(
    instance: Instance, second: Data, ada: Person, group_id: str, tmp_path: Path
) -> None:
    sent = ada.send(group_id, "to be carried over")
    archive = _export(Data(instance), tmp_path / "one.jsonl")
    records = check_archive(archive)
    assert any(record.get("id") == sent["id"] for record in records)
    (tmp_path / "cut.jsonl").write_bytes(archive[:-20])
    with (tmp_path / "cut.jsonl").open("rb") as damaged, pytest.raises(LabError):
        second.import_from(damaged)
    assert second.counts() == {}
    with (tmp_path / "one.jsonl").open("rb") as whole:
        second.import_from(whole)
    assert _export(second, tmp_path / "two.jsonl") == archive
