"""Servers that a machine lacks are installed after saying so, where nobody has to be asked."""

import shutil
from pathlib import Path

import pytest

from lab.bootstrap import BootstrapError
from lab.compose.parse import load
from lab.errors import LabError, RefusedError
from lab.native import install, units
from lab.native.adapters.redis import Redis


@pytest.fixture
def lacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory whose compose.yaml needs a server that is not here."""
    (tmp_path / "compose.yaml").write_text("services: {cache: {image: 'redis:8.0'}}\n")
    monkeypatch.setattr(Redis, "find", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    return tmp_path


def test_a_missing_server_is_installed_after_saying_so(
    lacking: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = []
    monkeypatch.setattr(install, "root_prefix", lambda: ["sudo", "-n"])
    monkeypatch.setattr(install, "apt_install", lambda *words: done.append(words))
    install.provide(load(lacking))
    assert done == [(["sudo", "-n", "/usr/bin/apt-get"], "redis-server")]
    said = capsys.readouterr().err
    assert "The image redis needs a server that is not here" in said
    assert said.index("installing the package redis-server") < said.index("redis-server: ")


def test_nothing_is_installed_that_needs_a_password(
    lacking: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "root_prefix", lambda: None)
    monkeypatch.setattr(install, "apt_install", lambda *_: pytest.fail("it was installed"))
    install.provide(load(lacking))


def test_an_installation_that_fails_is_told(lacking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise BootstrapError("could not install it")

    monkeypatch.setattr(install, "root_prefix", list)
    monkeypatch.setattr(install, "apt_install", fail)
    with pytest.raises(LabError, match="could not install it"):
        install.provide(load(lacking))


def test_an_unknown_image_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: 'nosuch:1'}}\n")
    with pytest.raises(
        RefusedError, match=r"image nosuch:1, .*\(it has: redis, postgres, rabbitmq, nginx\)"
    ):
        install.provide(load(tmp_path))


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file in which systemctl notes what it is asked; it does not know new.service."""
    asked = tmp_path / "asked"
    asked.touch()
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$*" >>{asked}\n[ "$*" != "cat new.service" ]\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(units, "_SYSTEMD", tmp_path)
    return asked


def test_a_service_that_a_package_brings_is_neither_started_nor_enabled(systemctl: Path) -> None:
    with units.kept_from_starting(["env"], ["new.service"]):
        assert systemctl.read_text().splitlines()[-1] == "mask --runtime new.service"
    assert systemctl.read_text().splitlines()[2:] == [
        "unmask --runtime new.service",
        "disable new.service",
    ]


def test_a_service_stays_off_if_its_package_cannot_be_installed(systemctl: Path) -> None:
    with pytest.raises(BootstrapError), units.kept_from_starting([], ["new.service"]):
        raise BootstrapError("could not install it")
    assert "unmask --runtime new.service" in systemctl.read_text()


def test_a_service_that_was_there_before_is_left_alone(systemctl: Path) -> None:
    with units.kept_from_starting([], ["old.service"]):
        pass
    assert systemctl.read_text() == "cat old.service\n"


def test_without_systemd_there_is_nothing_to_keep_from_starting(
    systemctl: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(units, "_SYSTEMD", tmp_path / "nowhere")
    with units.kept_from_starting([], ["new.service"]):
        pass
    assert not systemctl.read_text()
