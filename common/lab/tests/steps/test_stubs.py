"""Stubs: interfaces that can be imported, and nothing of the solution in them."""

import subprocess
import sys
from pathlib import Path

from lab.steps.stubs import stubs
from lab.tests.steps.conftest import AUTH, CACHE, KEYS, TEST_CACHE

BEFORE = {"app/__init__.py": "", "app/auth.py": AUTH}
AFTER = {
    **BEFORE,
    "app/auth.py": AUTH + "\n\ndef forget(name: Name, times: int = 1) -> Name:\n    return name\n",
    "app/cache.py": CACHE,
    "app/keys.py": KEYS,
    "app/unused.py": "x = 1\n",
    "tests/test_cache.py": TEST_CACHE,
}


def made(tests: str = TEST_CACHE, more: dict[str, str] | None = None) -> dict[str, str]:
    after = {**AFTER, "tests/test_cache.py": tests, **(more or {})}
    return stubs(BEFORE, after, ["tests/test_cache.py"], [])


def test_what_the_tests_import_is_stubbed_and_no_more() -> None:
    assert made().keys() == {"app/cache.py", "app/auth.py"}


def test_a_stub_keeps_the_interface_and_drops_the_solution() -> None:
    text = made()["app/cache.py"]
    assert '"""Return the kept answer, or make and keep it."""' in text
    assert "def get(self, name: str, make: Callable[[], str]) -> str:" in text
    assert "limit: int = 3" in text
    assert "shared = ..." in text
    for secret in ("setdefault", "json", "_evict", "_private", "_kept", "key_for"):
        assert secret not in text


def test_a_name_added_to_an_old_module_is_appended_without_annotations() -> None:
    text = made()["app/auth.py"]
    assert text.startswith(AUTH.rstrip())
    assert "def forget(name, times=1):\n    raise NotImplementedError" in text


def test_stubs_can_be_imported_and_raise_when_used(tmp_path: Path) -> None:
    for path, text in {**BEFORE, **made()}.items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    program = (
        "from app.cache import Cache, shared\nfrom app.auth import forget, greet\n"
        "assert greet('a') == 'hello a'\n"
        "for call in (lambda: Cache(1), lambda: forget('a')):\n"
        "    try: call()\n"
        "    except NotImplementedError: pass\n"
        "    else: raise SystemExit('did something')\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


def test_new_packages_and_relative_imports_come_along() -> None:
    more = made(
        "import app.deep.inner\n",
        {
            "app/deep/__init__.py": "from .inner import run\n\n__all__ = ['run']\n",
            "app/deep/inner.py": "from ..keys import Key\n\n\ndef run(key: Key) -> None: ...\n",
        },
    )
    assert more.keys() == {"app/deep/__init__.py", "app/deep/inner.py", "app/keys.py"}
    assert "from .inner import run" in more["app/deep/__init__.py"]


def test_decorators_that_are_stubs_themselves_are_left_out() -> None:
    text = made(
        "import app.used\n",
        {
            "app/used.py": "from dataclasses import dataclass\n\nfrom app.keys import key_for\n\n\n"
            "def twice(f: object) -> object:\n    return f\n\n\n"
            "@dataclass\nclass A:\n    x: int = 1\n\n    @property\n    def y(self) -> int:\n"
            "        return 2\n\n\n@twice\n@key_for\ndef run() -> None:\n    print()\n"
        },
    )["app/used.py"]
    assert "@dataclass" in text
    assert "@property" in text
    assert "@twice" not in text
    assert "@key_for" not in text
