"""Drawing: what does not fit is an error and not an overlap."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from docs.picture import BadPicture, load
from docs.svg import draw

TWO = {
    "title": "Two",
    "description": "One asks the other.",
    "columns": [150, 150],
    "rows": [80, 80],
    "gap": [90, 30],
    "boxes": {
        "asker": {"kind": "client", "title": "asker", "at": [0, 0]},
        "server": {
            "kind": "service",
            "service": "server",
            "title": "server & co",
            "ports": [8000],
            "at": [1, 1],
        },
    },
    "arrows": [{"from": "asker", "to": "server", "label": "HTTP"}],
}


def _drawn(directory: Path, source: object) -> str:
    file = directory / "architecture.yaml"
    file.write_text(yaml.safe_dump(source), encoding="utf-8")
    return draw(load(file))


def test_boxes_carry_the_names_that_compose_yaml_knows(tmp_path: Path) -> None:
    root = ET.fromstring(_drawn(tmp_path, TWO))
    assert [one.get("data-service") for one in root.iter() if one.get("data-service")] == ["server"]
    assert [one.get("data-port") for one in root.iter() if one.get("data-port")] == ["8000"]


def test_an_arrow_to_another_row_and_column_goes_round_one_corner(tmp_path: Path) -> None:
    root = ET.fromstring(_drawn(tmp_path, TWO))
    (arrow,) = [one for one in root.iter() if one.get("class") == "arrow"]
    assert arrow.get("d") == "M178 68L343 68L343 134"


@pytest.mark.parametrize(
    "change",
    [
        {"title": "a title that is much too long for its box"},
        {"parts": {"many": ["auth", "profiles", "conversations", "messages"]}},
        {"kind": "cloud"},
        {"colour": "red"},
        {"at": [7, 7]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_box_that_cannot_be_drawn_is_an_error(tmp_path: Path, change: dict[str, object]) -> None:
    boxes = TWO["boxes"]
    assert isinstance(boxes, dict)
    broken = {**TWO, "boxes": {**boxes, "server": {**boxes["server"], **change}}}
    with pytest.raises(BadPicture):
        _drawn(tmp_path, broken)


def test_an_arrow_between_boxes_that_are_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadPicture):
        _drawn(tmp_path, {**TWO, "arrows": [{"from": "asker", "to": "nobody"}]})
