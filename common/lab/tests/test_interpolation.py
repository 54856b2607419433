"""The table of the Compose specification's interpolation chapter, and what it leaves open."""

import pytest

from lab.compose.interpolate import InterpolationError, interpolate

VARIABLES = {"SET": "value", "EMPTY": "", "INNER": "deep"}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("$SET", "value"),
        ("${SET}", "value"),
        ("a${SET}b$SET.c", "avaluebvalue.c"),
        ("${SET}}", "value}"),
        ("$$SET", "$SET"),
        ("$${SET}", "${SET}"),
        ("$$$SET", "$value"),
        ("${UNSET:-default}", "default"),
        ("${EMPTY:-default}", "default"),
        ("${SET:-default}", "value"),
        ("${UNSET-default}", "default"),
        ("${EMPTY-default}", ""),
        ("${UNSET:-}", ""),
        ("${UNSET:-${INNER}}", "deep"),
        ("${UNSET:-a${ALSO_UNSET:-b${INNER}c}d}", "abdeepcd"),
        ("${UNSET:-http://x:1/$$y}", "http://x:1/$y"),
        ("${SET:+other}", "other"),
        ("${EMPTY:+other}", ""),
        ("${UNSET:+other}", ""),
        ("${SET+other}", "other"),
        ("${EMPTY+other}", "other"),
        ("${UNSET+other}", ""),
        ("${SET:+${INNER}}", "deep"),
        ("${SET:?needed}", "value"),
        ("${EMPTY?needed}", ""),
    ],
)
def test_templates_become_what_compose_makes_of_them(template: str, expected: str) -> None:
    assert interpolate(template, VARIABLES) == expected


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("${UNSET:?say it}", "UNSET is missing: say it"),
        ("${EMPTY:?say it}", "EMPTY is missing: say it"),
        ("${UNSET?say ${SET}}", "UNSET is missing: say value"),
    ],
)
def test_a_required_variable_is_named(template: str, words: str) -> None:
    with pytest.raises(InterpolationError, match=words):
        interpolate(template, VARIABLES)


@pytest.mark.parametrize(
    "template", ["$", "a $ b", "$1", "${", "${}", "${SET", "${SET!x}", "${a-b"]
)
def test_what_is_no_template_is_refused(template: str) -> None:
    with pytest.raises(InterpolationError, match=r"\$\$ for a plain dollar"):
        interpolate(template, VARIABLES)


def test_unset_variables_are_told_only_where_they_matter() -> None:
    told: list[str] = []
    interpolate("$A ${B} ${C:-$D} ${SET:-$E} ${F:+$G}", VARIABLES, told.append)
    assert told == ["A", "B", "D"]
