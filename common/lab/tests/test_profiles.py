"""`profiles`: services that start when they are asked for, and variants of a whole phase."""

from pathlib import Path

import pytest

from lab.compose.declared import chosen_profiles
from lab.compose.parse import load, load_native
from lab.errors import RefusedError, UsageError
from lab.native.planner import check
from lab.running import wait_until_ready
from lab.tests.conftest import MakeSystem
from lab.wish import Wish

RUN = "build: ., command: sleep 600, healthcheck: {test: 'true', interval: 200ms}"
VARIANTS = f"""\
x-lab: {{profiles: [full, minimal]}}
services:
  core:
    build: .
    command: sleep 600
    healthcheck: {{test: 'true', interval: 200ms}}
    depends_on: {{pages: {{condition: service_started, required: false}}}}
  pages: {{{RUN}, profiles: [full]}}
  small: {{{RUN}, profiles: [minimal]}}
  debug: {{{RUN}, profiles: [debug]}}
"""


@pytest.fixture(autouse=True)
def _nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMPOSE_PROFILES", raising=False)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ((), {"core", "pages"}),
        (("minimal",), {"core", "small"}),
        (("full", "debug"), {"core", "pages", "debug"}),
        (("*",), {"core", "pages", "small", "debug"}),
    ],
)
def test_what_is_asked_for_starts_beside_what_always_does(
    make_system: MakeSystem, asked: tuple[str, ...], names: set[str]
) -> None:
    system = make_system(VARIANTS)
    assert system.engine.start(system.instance, Wish(profiles=asked))
    status = wait_until_ready(system.engine, system.instance, lambda _: None)
    assert status.services.keys() == names


def test_the_environment_and_env_ask_as_with_compose(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = make_system(VARIANTS).instance.phase.directory
    (directory / ".env").write_text("COMPOSE_PROFILES=minimal\n")
    assert load_native(directory).services.keys() == {"core", "small"}
    assert chosen_profiles(directory, ()) == ("minimal",)
    monkeypatch.setenv("COMPOSE_PROFILES", "debug, full")
    assert chosen_profiles(directory, ()) == ("debug", "full")
    assert load_native(directory).services.keys() == {"core", "pages", "debug"}
    assert load_native(directory, profiles=["minimal"]).services.keys() == {"core", "small"}


def test_without_variants_nothing_with_a_profile_starts(make_system: MakeSystem) -> None:
    text = VARIANTS.replace("x-lab: {profiles: [full, minimal]}\n", "")
    directory = make_system(text).instance.phase.directory
    assert load_native(directory).services.keys() == {"core"}
    assert chosen_profiles(directory, ()) == ()
    assert load(directory).services.keys() == {"core", "pages", "small", "debug"}


def test_a_profile_that_is_not_there_is_told(make_system: MakeSystem) -> None:
    system = make_system(VARIANTS)
    for ask in (check, lambda one, wish: chosen_profiles(one.phase.directory, wish.profiles)):
        with pytest.raises(UsageError, match="no profile 'mini'") as told:
            ask(system.instance, Wish(profiles=("mini",)))
        assert told.value.hint == "there is: debug, full, minimal"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            VARIANTS.replace(", required: false", ""),
            "'core' depends on 'pages', .*profile full only",
        ),
        ("services: {a: {image: x, profiles: [p]}}", "no service of .* without a profile"),
    ],
)
def test_a_choice_that_cannot_start_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "compose.yaml").write_text(text)
    with pytest.raises(RefusedError, match=words):
        load_native(tmp_path, profiles=["minimal"] if "minimal" in text else [])


def test_what_does_not_start_cannot_be_scaled(make_system: MakeSystem) -> None:
    with pytest.raises(RefusedError, match="no service 'small' here that could run 2 times"):
        check(make_system(VARIANTS).instance, Wish({"small": 2}))
