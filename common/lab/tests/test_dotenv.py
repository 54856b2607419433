"""The `.env` format."""

import pytest

from lab.compose.dotenv import DotenvError, parse_dotenv


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1", {"A": "1"}),
        ("  export A = 1  ", {"A": "1"}),
        ("# note\n\nA=1", {"A": "1"}),
        ("A=one # note", {"A": "one"}),
        ("A=one#two", {"A": "one#two"}),
        ("A='$B # x' # note", {"A": "$B # x"}),
        ('A="x\\ty # z"', {"A": "x\ty # z"}),
        ('A="say \\"hi\\""', {"A": 'say "hi"'}),
        ('A="one\ntwo"', {"A": "one\ntwo"}),
        ("A=", {"A": ""}),
        ("A=1\nB=${A}2", {"A": "1", "B": "12"}),
        ("A=${NONE:-d}", {"A": "d"}),
        ("A=$OUTER", {"A": "outer"}),
        ("OUTER=mine\nA=$OUTER", {"OUTER": "mine", "A": "outer"}),
        ("OUTER\nNONE", {"OUTER": "outer"}),
    ],
)
def test_assignments(text: str, expected: dict[str, str]) -> None:
    assert parse_dotenv(text, {"OUTER": "outer"}) == expected


@pytest.mark.parametrize("text", ["A=1\nno assignment", 'A=1\nB="open', "A=1\nB=${"])
def test_a_bad_line_is_numbered(text: str) -> None:
    with pytest.raises(DotenvError, match="line 2"):
        parse_dotenv(text, {})
