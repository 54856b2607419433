"""Jars of Maven Central: fetched once, whole, with the pinned checksum, from where one may."""

import hashlib
import http.server
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from lab.compose.parse import load
from lab.doctor import needs
from lab.doctor.report import EngineReport
from lab.errors import LabError, RefusedError
from lab.instance import of_phase
from lab.native import install, jvm, maven
from lab.native.adapters import registry
from lab.native.adapters.adapter import Launch, Program, Server
from lab.native.maven import Artifact
from lab.native.planner import check, make_plan
from lab.phases import Phase
from lab.tests.conftest import MakeSystem

JUNIT = Artifact(
    "junit", "junit", "3.8.2", "ecdcc08183708ea3f7b0ddc96f19678a0db8af1fb397791d484aed63200558b0"
)
BODY = b"a jar" * 100_000
TINY = Artifact("org.example", "tiny", "1.0", hashlib.sha256(BODY).hexdigest(), "exec")
SERVICE = "services: {v: {image: 'example/version:1'}}"


class Version:
    """A server in a jar that does no more than to say its version; see Adapter and WithJars."""

    image = "example/version"
    package = jvm.PACKAGE
    home = "/srv"
    volumes: Sequence[str] = ("/srv",)
    listed: Sequence[str] = ()
    stop_signal = "SIGTERM"
    artifacts: Sequence[Artifact] = (JUNIT,)

    def find(self) -> Server | None:
        return jvm.jvm_server("Version", JUNIT.version, oldest=8)

    def launch(self, server: Server, command: Sequence[str], port: Callable[[int], int]) -> Launch:  # noqa: ARG002
        words = (jvm.JAVA, "-cp", jvm.class_path(self.artifacts), "junit.runner.Version")
        return Launch(words, {jvm.JAVA: Program(server.programs[jvm.JAVA])})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put an empty cache and an empty ~/.m2 in the place of this machine's; there is no mvn."""
    monkeypatch.setattr(maven, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(maven, "HOME", tmp_path / "m2")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    (tmp_path / "m2").mkdir()
    return tmp_path / "m2"


@pytest.fixture
def mirror(tmp_path: Path, home: Path) -> Iterator[Path]:
    """Serve a directory, and name it in settings.xml as the mirror of everything."""
    root = tmp_path / "mirror"

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words: object, **more: object) -> None:
            super().__init__(*words, directory=str(root), **more)  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            pass

    (root / TINY.path).parent.mkdir(parents=True)
    (root / TINY.path).write_bytes(BODY)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        (home / "settings.xml").write_text(
            '<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0"><mirrors><mirror>'
            f"<mirrorOf>*</mirrorOf><url>{url}</url></mirror></mirrors></settings>"
        )
        yield root
        server.shutdown()


def test_a_jar_is_fetched_once_after_saying_so(
    mirror: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert maven.missing([TINY]) == [TINY]
    maven.fetch("Tiny", [TINY])
    said = capsys.readouterr().err
    assert "Tiny needs 1 file of Maven Central" in said
    assert "tiny-1.0-exec.jar" in said
    assert maven.jar(TINY).read_bytes() == BODY
    shutil.rmtree(mirror)
    maven.fetch("Tiny", [TINY])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("body", [BODY[:-1], BODY + b"x", b""])
def test_what_is_not_whole_or_not_the_same_never_counts(mirror: Path, body: bytes) -> None:
    (mirror / TINY.path).write_bytes(body)
    with pytest.raises(LabError, match=r"tiny-1\.0-exec\.jar cannot be fetched.* SHA-256") as told:
        maven.fetch("Tiny", [TINY])
    assert str(maven.jar(TINY)) in str(told.value.hint)
    assert not [path for path in maven.CACHE.rglob("*") if path.is_file()]


def test_a_download_that_breaks_off_leaves_nothing(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def __init__(self) -> None:
            self.left = 3

        def read(self, _: int) -> bytes:
            self.left -= 1
            if not self.left:
                raise ConnectionResetError("gone")
            return b"piece"

    with pytest.raises(ConnectionResetError):
        maven._keep(TINY, Broken())  # type: ignore[arg-type]
    assert not [path for path in maven.CACHE.rglob("*") if path.is_file()]


def test_what_maven_has_already_is_not_fetched_again(home: Path) -> None:
    (home / "repository" / TINY.path).parent.mkdir(parents=True)
    (home / "repository" / TINY.path).write_bytes(BODY)
    (home / "settings.xml").write_text("<settings/>")
    maven.fetch("Tiny", [TINY])
    assert maven.jar(TINY).read_bytes() == BODY


def test_mvn_is_asked_where_plain_https_does_not_do(
    mirror: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "elsewhere"
    (mirror / TINY.path).rename(source)
    target = home / "repository" / TINY.path
    mvn = tmp_path / "mvn"
    mvn.write_text(
        f'#!/bin/sh\ncase "$*" in *-Dartifact=org.example:tiny:1.0:jar:exec*) ;; *) exit 9;; esac\n'
        f"mkdir -p {target.parent} && cp {source} {target}\n"
    )
    mvn.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(mvn))
    maven.fetch("Tiny", [TINY])
    assert maven.jar(TINY).read_bytes() == BODY


@pytest.mark.parametrize(
    ("of", "taken"),
    [("*", True), ("central", True), ("external:*", True), ("other", False), ("*,!central", False)],
)
def test_a_mirror_is_taken_if_it_is_one_of_central(home: Path, of: str, taken: bool) -> None:  # noqa: FBT001
    (home / "settings.xml").write_text(
        f"<settings><mirrors><mirror><mirrorOf>{of}</mirrorOf><url>https://mirror.invalid/m/</url>"
        "</mirror></mirrors></settings>"
    )
    assert maven._mirror() == ("https://mirror.invalid/m" if taken else None)


@pytest.mark.parametrize(
    ("said", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "21" 2023-09-19', 21),
        ('java version "1.8.0_202"', 8),
        ("no such thing", None),
    ],
)
def test_a_java_is_known_by_its_own_words(tmp_path: Path, said: str, major: int | None) -> None:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    java.chmod(0o755)
    assert jvm._major(java) == major


def test_a_server_in_a_jar_runs_from_the_cache(
    make_system: MakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    if jvm.find_java(8) is None:
        pytest.skip("needs Java")
    monkeypatch.setattr(registry, "ADAPTERS", (Version(),))
    system = make_system(SERVICE)
    phase = system.instance.phase
    (note, jars) = needs.of(phase, [EngineReport("native", {})]).engines["native"].notes
    assert (note.what, jars.what) == (
        "v is Version 3.8.2 here",
        "v needs 1 file of Maven Central: its first start fetches it",
    )
    try:
        install.provide(load(phase.directory))
    except LabError as error:
        pytest.skip(f"needs Maven Central: {error}")
    system.instance.make()
    (process,) = make_plan(system.instance)[1].processes.values()
    done = subprocess.run(process.argv, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "3.8.2"


def test_a_machine_without_java_is_told_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "compose.yaml").write_text(SERVICE)
    monkeypatch.setattr(registry, "ADAPTERS", (Version(),))
    monkeypatch.setattr(jvm, "_candidates", lambda: iter(()))
    phase = Phase("phase9", "phase 9", tmp_path, 8009)
    (lacking,) = needs.of(phase, [EngineReport("native", {})]).engines["native"].missing
    assert "'v' needs the image example/version:1" in lacking.what
    assert "apt-get install default-jre-headless" in (lacking.fix or "")
    with pytest.raises(RefusedError):
        check(of_phase(phase))
