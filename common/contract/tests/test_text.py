"""What people write: in any script, in one form where it is compared, and never as nothing."""

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from client import Api, Person, new_client_id

LOGIN = "/api/v1/auth/login"
REGISTER = "/api/v1/auth/register"

NAMES = {
    "persian": "\u0646\u0631\u06af\u0633\u200c\u062e\u0627\u062a\u0648\u0646",  # with a ZWNJ
    "urdu": "\u0622\u0635\u0641\u06c1",
    "hebrew with points": "\u05e9\u05b8\u05bc\u05c1\u05dc\u05d5\u05b9\u05dd",
    "devanagari": "\u0915\u094d\u200d\u0937\u0924\u094d\u0930\u093f\u092f",  # with a ZWJ
    "bengali": "\u09b0\u200d\u09cd\u09af\u09be\u099a\u09c7\u09b2",  # a ZWJ before the virama
    "sinhala": "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
    "malayalam": "\u0d28\u0d4d\u200d\u0d31\u0d46",
    "tamil": "\u0ba4\u0bae\u0bbf\u0bb4\u0bcd",
    "thai": "\u0e1b\u0e34\u0e48\u0e19\u0e41\u0e01\u0e49\u0e27",
    "khmer": "\u1780\u17d2\u179a\u17bb\u1798",
    "burmese": "\u1019\u103c\u1014\u103a\u1019\u102c",
    "tibetan": "\u0f56\u0f66\u0f92\u0fb2\u0f74\u0f56\u0f66",
    "mongolian": "\u182a\u1820\u1836\u180e\u1820",  # with a vowel separator
    "korean": "\uae40\ucca0\uc218",
    "japanese": "\u30a2\u30f3\u30fb\u30ea\u30fc",
    "chinese, one of two forms": "\u8fbb\U000e0100\u5b50",
    "vietnamese": "Nguy\u1ec5n",
    "greek": "\u1f08\u03b8\u03b7\u03bd\u1fb6",
    "mathematical": "\U0001d4d0\U0001d4da",
    "punctuation": "Se\u00e1n O\u2019Neil-Brown (ops) \u00b7 2",
    "heart": "Ann \u2764\ufe0f",
    "family": "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "flags": "\U0001f1f9\U0001f1f7 \U0001f3f3\ufe0f\u200d\U0001f308 "
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "keycap": "#\ufe0f\u20e3 1",
}

NO_NAMES = {
    "zero width space": "\u200b",
    "byte order mark": "\ufeff",
    "hangul filler": "\u3164",
    "jamo filler": "\u115f\u1160",
    "braille blank": "\u2800",
    "soft hyphen": "\u00ad",
    "no-break spaces": "\u00a0\u2003\u3000",
    "variation selector": "\ufe0f",
    "tag": "\U000e0041",
    "combining grapheme joiner": "\u034f",
    "invisible inside": "A\u200bnn",
    "joiner between letters": "A\u200dnn",
    "joiner at the end": "\U0001f469\u200d",
    "override": "nn\u202eA",
    "embedding": "\u202bAnn\u202c",
    "isolate": "\u2067Ann\u2069",
    "mark of direction": "Ann\u200f",
    "line separator": "Ann\u2028Lee",
    "private use": "Ann \ue000",
    "noncharacter": "Ann\ufffe",
    "annotation": "Ann\ufff9",
    "marks on one letter": "Z" + "\u0301" * 7 + "oe",
    "marks on nothing": "\u0301\u0302",
}

NO_TEXTS = {
    "spaces": "\u00a0 \u3000\n\u2028",
    "zero width spaces": "\u200b\u200b",
    "joiners": "\u200d\u200c",
    "byte order mark": "\ufeff",
    "hangul filler": "\u3164",
    "braille blanks": "\u2800 \u2800",
    "overrides": "\u202e\u202c",
    "variation selector": "\ufe0f",
    "tags": "\U000e0041\U000e0042",
}


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


# names


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_in_any_script_comes_back_as_it_was_given(
    api: Api, newcomer: Callable[[], Person], run_id: str, name: str
) -> None:
    assert unicodedata.is_normalized("NFC", name)
    person = newcomer()
    assert person.edit_profile(display_name=name)["display_name"] == name
    group = person.start_group(name=name)
    assert group["name"] == name
    assert group["last_message"]["notice"]["name"] == name


@pytest.mark.parametrize("name", NO_NAMES.values(), ids=NO_NAMES)
def test_a_name_that_looks_like_nothing_or_like_another_is_refused(
    api: Api, ada: Person, group_id: str, run_id: str, name: str
) -> None:
    body = {"username": f"no-{run_id}", "password": "correct horse", "display_name": name}
    assert api.call("POST", REGISTER, body=body, expect=422).fields == {"display_name"}
    edit = ada.call("PATCH", "/profiles/me", body={"display_name": name}, expect=422)
    assert edit.fields == {"display_name"}
    group = {"kind": "group", "name": name, "member_ids": []}
    assert ada.call("POST", "/conversations", body=group, expect=422).fields == {"name"}
    assert ada.rename(group_id, name, expect=422).fields == {"name"}


def test_a_name_has_one_form(newcomer: Callable[[], Person]) -> None:
    person = newcomer()
    for given, kept in (
        (nfd("Zo\u00eb"), "Zo\u00eb"),
        ("Ann\u00a0\u3000 Lee", "Ann Lee"),
        ("\u3000Ann\u2003", "Ann"),
        ("\u212bsa", "\u00c5sa"),  # noqa: RUF100 - the sign of the unit is the letter
    ):
        assert person.edit_profile(display_name=given)["display_name"] == kept
    group = person.start_group(name=nfd("Caf\u00e9"))
    assert group["name"] == "Caf\u00e9"
    again = person.rename(group["id"], nfd("Caf\u00e9")).json
    assert again["rev"] == group["rev"], "the same name changes nothing, in whatever form"


def test_a_name_is_as_long_as_its_one_form(newcomer: Callable[[], Person]) -> None:
    person = newcomer()
    assert person.edit_profile(display_name=nfd("\u00eb" * 64))["display_name"] == "\u00eb" * 64
    grows = "\u0958" * 40  # two characters each in NFC
    body = {"display_name": grows}
    assert person.call("PATCH", "/profiles/me", body=body, expect=422).fields == {"display_name"}


def test_people_are_found_however_one_types(newcomer: Callable[[], Person], ada: Person) -> None:
    person = newcomer()
    word = person.username.replace("-", "")
    person.edit_profile(display_name=f"Zo\u00eb{word} \u0646\u06cc\u200c\u0644\u0648 \uff21nn")
    for q in (
        f"zo\u00eb{word}",
        nfd(f"ZO\u00cb{word}"),
        f"Zo\u00eb{word} \u0646\u06cc\u0644\u0648",
        f"\uff3ao\u00eb{word} ann",
        f"zo\u00eb{word}\u200b",
    ):
        assert [one["id"] for one in ada.search(q)] == [person.id], ascii(q)
    assert ada.call("GET", "/profiles/search", params={"q": "\u200b"}, expect=422).fields == {"q"}


# texts


@pytest.mark.parametrize("text", NO_TEXTS.values(), ids=NO_TEXTS)
def test_a_message_of_nothing_to_see_is_refused(ada: Person, group_id: str, text: str) -> None:
    body: dict[str, Any] = {"client_id": new_client_id(), "body": text}
    path = f"/conversations/{group_id}/messages"
    assert ada.call("POST", path, body=body, expect=422).fields == {"body"}
    sent = ada.send(group_id)
    assert ada.edit(sent, text, expect=422).fields == {"body"}


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_a_message_is_kept_to_the_letter(ada: Person, group_id: str, text: str) -> None:
    for written in (text, nfd(text), f"\u2067{text}\u2069"):
        assert ada.send(group_id, written)["body"] == written
        assert ada.edit_profile(bio=written)["bio"] == written


def test_marks_are_piled_up_only_so_high(ada: Person, group_id: str) -> None:
    high = "a" + "\u0301" * 30
    assert ada.send(group_id, f"{high} {high}")["body"] == f"{high} {high}"
    sent = ada.send(group_id)
    for too_high in (high + "\u0301", "a" + "\u0489" * 3000, "x\u0e31" * 2 + "\u0e31" * 30):
        body: dict[str, Any] = {"client_id": new_client_id(), "body": too_high}
        path = f"/conversations/{group_id}/messages"
        assert ada.call("POST", path, body=body, expect=422).fields == {"body"}
        assert ada.edit(sent, too_high, expect=422).fields == {"body"}
        bio = {"bio": too_high}
        assert ada.call("PATCH", "/profiles/me", body=bio, expect=422).fields == {"bio"}


# passwords


@pytest.mark.parametrize(("chosen", "typed"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_password_is_the_same_from_every_keyboard(
    api: Api, run_id: str, chosen: Any, typed: Any
) -> None:
    password = "p\u00e4ssw\u00f6rd\u3000\u1e69"
    username = f"keys-{chosen.lower()}-{run_id}"
    Person.register(api, username, "Keys", unicodedata.normalize(chosen, password))
    for form in (unicodedata.normalize(typed, password), password.replace("\u3000", " ")):
        api.call("POST", LOGIN, body={"username": username, "password": form})
    wrong = {"username": username, "password": password.upper()}
    assert api.call("POST", LOGIN, body=wrong, expect=401).problem == "invalid-credentials"


def test_a_password_is_as_long_as_its_one_form(api: Api, run_id: str) -> None:
    body = {"username": f"long-{run_id}", "display_name": "Long"}
    short = body | {"password": nfd("\u00e4\u00f6\u00fc\u00e4")}
    assert api.call("POST", REGISTER, body=short, expect=422).fields == {"password"}
    person = Person.register(api, body["username"], "Long", nfd("\u1e69" * 128))
    login = {"username": person.username, "password": "\u1e69" * 128}
    assert api.call("POST", LOGIN, body=login).json["user_id"] == person.id
    too_long = login | {"password": nfd("\u1e69" * 129)}
    assert api.call("POST", LOGIN, body=too_long, expect=422).fields == {"password"}


# reactions


@pytest.mark.parametrize(
    ("bare", "full"),
    [
        ("\u2764", "\u2764\ufe0f"),
        ("1\u20e3", "1\ufe0f\u20e3"),
        ("\U0001f3f3\u200d\U0001f308", "\U0001f3f3\ufe0f\u200d\U0001f308"),
        ("\U0001f441\ufe0f\u200d\U0001f5e8", "\U0001f441\ufe0f\u200d\U0001f5e8\ufe0f"),
    ],
)
def test_an_emoji_is_one_with_and_without_its_variation_selectors(
    ada: Person, bob: Person, group_id: str, bare: str, full: str
) -> None:
    sent = ada.send(group_id)
    assert ada.react(sent, bare).json["reactions"] == [{"emoji": full, "user_ids": [ada.id]}]
    both = bob.react(sent, full).json
    assert both["reactions"] == [{"emoji": full, "user_ids": [ada.id, bob.id]}]
    assert ada.react(sent, full).json == both, "the same again changes nothing"
    assert bob.unreact(sent, bare).json["reactions"] == [{"emoji": full, "user_ids": [ada.id]}]
    assert ada.unreact(sent, full).json["reactions"] == []
