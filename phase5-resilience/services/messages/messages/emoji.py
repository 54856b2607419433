"""One emoji, however it was typed: with its variation selectors, as Unicode writes it in full."""

from collections import defaultdict

from emoji import EMOJI_DATA, STATUS

_SELECTOR = "\N{VARIATION SELECTOR-16}"
"""Asks for the coloured picture; keyboards differ in whether they send it."""

_FULL = {
    text.replace(_SELECTOR, ""): text
    for text, known in EMOJI_DATA.items()
    if known["status"] == STATUS["fully_qualified"]
}
_CANONICAL = {text: _FULL.get(text.replace(_SELECTOR, ""), text) for text in EMOJI_DATA}
_FORMS: defaultdict[str, list[str]] = defaultdict(list)
for _text, _canonical in _CANONICAL.items():
    _FORMS[_canonical].append(_text)


def known_emoji(text: str) -> str | None:
    """Return the one form of an emoji; None if this is none, or more than one."""
    return _CANONICAL.get(text)


def canonical(text: str) -> str:
    """Return the one form of a reaction, which may have been stored before there was one."""
    return _CANONICAL.get(text, text)


def forms(emoji: str) -> list[str]:
    """Return every way in which an emoji in its one form may have been stored."""
    return _FORMS.get(emoji, [emoji])
