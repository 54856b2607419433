"""`secrets`: files that others cannot read, some of them made at the first start."""

from pathlib import Path

import pytest

from lab import secrets
from lab.compose.model import Secret
from lab.compose.parse import load
from lab.errors import RefusedError
from lab.instance import Instance
from lab.native.planner import check
from lab.tests.conftest import SERVER, MakeSystem, answer

SECRETS = f"""\
services:
  app:
{SERVER}
    environment:
      BIND: 0.0.0.0:8000
      KEY_FILE: /run/secrets/key
      PASSWORD_FILE: /run/secrets/password
      OTHER: /etc/app/key
      DIRECTORY: /run/secrets
    secrets:
      - key
      - {{source: password, mode: 0400}}
      - {{source: key, target: /etc/app/key}}
secrets:
  key: {{file: .secrets/key, x-lab: {{generate: 32}}}}
  password: {{file: password.txt}}
"""


@pytest.fixture
def configured(make_system: MakeSystem, tmp_path: Path) -> MakeSystem:
    """Give the fixture phase the file of the secret that is not made."""
    (tmp_path / "fixture").mkdir()
    (tmp_path / "fixture" / "password.txt").write_bytes(b"\xff not even text\n")
    return make_system


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_service_finds_its_secrets_where_compose_yaml_says(configured: MakeSystem) -> None:
    system = configured(SECRETS)
    system.up()
    told = answer(system.url("app"))["env"]
    key = Path(told["KEY_FILE"])
    assert len(bytes.fromhex(key.read_text())) == 32
    assert Path(told["OTHER"]).read_bytes() == key.read_bytes()
    assert Path(told["PASSWORD_FILE"]).read_bytes() == b"\xff not even text\n"
    assert names(Path(told["DIRECTORY"])) == ["key", "password"]
    for name in ("KEY_FILE", "OTHER", "PASSWORD_FILE"):
        assert (mode(Path(told[name])), mode(Path(told[name]).parent)) == (0o600, 0o700)
    made = system.instance.secrets / "key"
    assert (mode(made), mode(made.parent)) == (0o600, 0o700)
    assert not any(key.read_text() in path.read_text() for path in _state(system.instance))


def _state(instance: Instance) -> list[Path]:
    return list(instance.directory.glob("*.json"))


def test_what_was_made_stays_until_the_data_goes(configured: MakeSystem) -> None:
    system = configured(SECRETS)
    system.up()
    made = (system.instance.secrets / "key").read_text()
    system.down()
    system.up()
    assert Path(answer(system.url("app"))["env"]["KEY_FILE"]).read_text() == made
    system.down()
    system.engine.discard(system.instance)
    system.up()
    assert Path(answer(system.url("app"))["env"]["KEY_FILE"]).read_text() != made


def test_a_file_that_somebody_wrote_comes_first(configured: MakeSystem) -> None:
    system = configured(SECRETS)
    own = system.instance.phase.directory / ".secrets" / "key"
    own.parent.mkdir()
    own.write_text("chosen")
    own.chmod(0o644)
    system.up()
    key = Path(answer(system.url("app"))["env"]["KEY_FILE"])
    assert (key.read_text(), mode(key), mode(own)) == ("chosen", 0o600, 0o644)
    assert not system.instance.secrets.exists()


def test_looking_makes_no_secret(configured: MakeSystem) -> None:
    system = configured(SECRETS)
    check(system.instance)
    assert not system.instance.directory.exists()


def test_who_makes_a_secret_at_the_same_time_makes_the_same(tmp_path: Path) -> None:
    path = tmp_path / "key"
    secrets._write(path, "first")
    secrets._write(path, "second")
    assert (path.read_text(), names(tmp_path)) == ("first", ["key"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("- key\n", "- ghost\n", "secrets.0.: the secret 'ghost' is not declared"),
        ("password.txt", "ghost.txt", "secrets.password.file: there is no file .*ghost.txt"),
        ("{file: password.txt}", "{external: true}", "secrets.password.external"),
        ("{file: password.txt}", "{environment: PW}", "secrets.password.environment"),
        ("generate: 32", "generate: 8", "expected 16 to 1024 bytes"),
        ("generate: 32", "generat: 32", "did you mean 'generate'"),
        ("target: /etc/app/key", "target: /etc/app/key, owner: me", r"secrets.2..owner"),
    ],
)
def test_secrets_that_cannot_be_are_refused(
    configured: MakeSystem, old: str, new: str, words: str
) -> None:
    with pytest.raises(RefusedError, match=words):
        check(configured(SECRETS.replace(old, new)).instance)


def test_secrets_are_told_apart_from_files(configured: MakeSystem, tmp_path: Path) -> None:
    system = configured(SECRETS)
    directory = tmp_path / "fixture"
    assert load(system.instance.phase.directory).secrets == (
        Secret("key", directory / ".secrets" / "key", 32),
        Secret("password", directory / "password.txt"),
    )
