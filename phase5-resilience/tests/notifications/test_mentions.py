"""Which words of a text are mentions, and of whom."""

import random

import pytest

from chat.notifications.mentions import mentioned


def likeliest(text: str) -> list[str]:
    return [names[0] for names in mentioned(text) if names]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@ada", ["ada"]),
        ("@ADA and (@bob), @cem!", ["ada", "bob", "cem"]),
        ("look: @a.b-c_d?", ["a.b-c_d"]),
        ("@ada's, **@bob**, “@cem”", ["ada", "bob", "cem"]),
        ("line\n@ada\n", ["ada"]),
        ("@ada @ada", ["ada", "ada"]),
        ("ada@example.org, a.b@bob, x+@bob, -@bob", []),
        ("https://example.org/@ada", []),
        ("@ada@example.org", []),
        ("@@ada, @ ada, @-ada, @.ada", []),
        ("@adaé, é@ada, @ad", []),
        ("@" + "a" * 33, []),
        ("@" + "a" * 32, ["a" * 32]),
        ("@\N{KELVIN SIGN}elvin, @\N{LATIN SMALL LETTER LONG S}am", []),
    ],
)
def test_which_words_are_mentions(text: str, names: list[str]) -> None:
    assert likeliest(text) == names


def test_what_may_end_the_name_or_the_sentence_is_left_open() -> None:
    assert list(mentioned("thanks, @ada._.")) == [["ada._.", "ada._", "ada.", "ada"]]


def test_whatever_stands_around_it_names_are_names_and_their_number_is_bounded() -> None:
    chance = random.Random(20261128)
    for _ in range(500):
        text = "".join(chance.choices("@@@ab1._- é\n/", k=200))
        found = list(mentioned(text))
        assert len(found) <= text.count("@")
        for names in found:
            assert len(names) <= 30
            assert all(f"@{name}" in text for name in names)
