"""Laying out the files that the gateway sends."""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from chat.site import KEPT, PHASE, lay_out, of_the_client

CONTRACT = PHASE.parent / "common" / "contract"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A client that can be changed."""
    return Path(shutil.copytree(PHASE.parent / "common" / "web", tmp_path / "web"))


def files(directory: Path) -> dict[str, Path]:
    return {str(one.relative_to(directory)): one for one in directory.rglob("*") if one.is_file()}


def version_in(site: Path) -> str:
    return (site / "plain" / "index.html").read_text().split('"/web/')[1].partition("/")[0]


def test_both_forms_hold_the_same_files(web: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    lay_out(web, CONTRACT, PHASE, site)
    plain, packed = files(site / "plain"), files(site / "gzip")
    assert plain.keys() == packed.keys()
    for name, file in plain.items():
        assert gzip.decompress(packed[name].read_bytes()) == file.read_bytes()
        assert file.stat().st_mode & 0o777 == 0o644
    assert not [name for name in plain if name.endswith(".new")]
    assert not [name for name in plain if name.startswith("web/") and "tests" in name]


def test_a_change_of_the_client_gives_it_another_name_and_nothing_else_does(
    web: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    lay_out(web, CONTRACT, PHASE, site)
    first, page = version_in(site), (site / "plain" / "index.html").stat()
    lay_out(web, CONTRACT, PHASE, tmp_path / "again")
    assert version_in(tmp_path / "again") == first
    assert (tmp_path / "again" / "plain" / "index.html").stat().st_mtime == page.st_mtime
    (web / "js" / "main.js").write_text("// changed\n")
    (web / "README.md").write_text("changed")
    lay_out(web, CONTRACT, PHASE, site)
    assert version_in(site) != first
    changed = (site / "plain" / "index.html").stat()
    assert (changed.st_size, changed.st_mtime != page.st_mtime) == (page.st_size, True)
    for version in (first, version_in(site)):
        assert (site / "gzip" / "web" / version / "js" / "main.js").is_file()


def test_only_the_newest_versions_are_kept(web: Path, tmp_path: Path) -> None:
    seen = []
    for number in range(KEPT + 2):
        (web / "js" / "main.js").write_text(f"// {number}\n")
        lay_out(web, CONTRACT, PHASE, tmp_path / "site")
        seen.append(version_in(tmp_path / "site"))
    for form in ("plain", "gzip"):
        kept = {one.name for one in (tmp_path / "site" / form / "web").iterdir()}
        assert kept == set(seen[-KEPT:])


@pytest.mark.parametrize(
    ("name", "public"),
    [("js/main.js", True), ("tests/x.js", False), ("README.md", False), ("tools/a.py", False)],
)
def test_notes_and_tests_of_the_client_stay_at_home(name: str, public: bool) -> None:  # noqa: FBT001
    assert of_the_client(name) is public


def test_what_processes_tell_each_other_is_laid_out_for_the_documents(
    web: Path, tmp_path: Path
) -> None:
    lay_out(web, CONTRACT, PHASE, tmp_path / "site")
    laid_out = json.loads((tmp_path / "site" / "plain" / "api" / "schemas.json").read_bytes())
    there = {file.stem for file in (PHASE / "events" / "schemas").glob("*.json")}
    assert {one["$id"].removeprefix("urn:chat:") for one in laid_out} == there
