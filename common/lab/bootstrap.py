"""Make or repair .venv; run by the `lab` script under the system's Python, standard library only.

The environment counts as finished when it holds `made-for` (this checkout's path) and
`made-from.lock` (the lock it was made from); both are written last, so that an interrupted
creation is noticed and repaired by the next run.
"""

import contextlib
import fcntl
import importlib.util
import itertools
import os
import shutil
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Iterator
from pathlib import Path

DISK_NEEDED_MB = 700
NO_NETWORK = (
    "name resolution",
    "dns error",
    "failed to lookup address",
    "network is unreachable",
    "connection refused",
    "connecttimeout",
    "newconnectionerror",
    "error sending request",
    "timed out",
)
EX_UNAVAILABLE = 69  # sysexits.h; the same code that the `lab` script uses


class BootstrapError(Exception):
    """What went wrong and what to type next, in one sentence each."""


def main(root: Path) -> int:
    """Bring .venv in line with requirements.lock; returns the exit code."""
    try:
        make(root)
    except BootstrapError as error:
        print(f"lab: {error}", file=sys.stderr)
    except OSError as error:
        print(f"lab: {_explain(str(error), root)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nlab: stopped; the next ./lab goes on from here.", file=sys.stderr)
        return 130
    else:
        return 0
    return EX_UNAVAILABLE


def make(root: Path) -> None:
    """Create or update root/.venv; two processes at once take turns."""
    lock_file = root / "requirements.lock"
    if not lock_file.is_file():
        raise BootstrapError(
            f"requirements.lock is missing from {root}; get it back with: "
            f"git -C {root} checkout requirements.lock"
        )
    if not os.access(root, os.W_OK):
        raise BootstrapError(
            f"{root} is read-only and lab makes .venv and .lab there; "
            f"make it writable or copy it: cp -r {root} ~/"
        )
    with _turn(root):
        if _is_current(root, lock_file):
            return
        _create(root, lock_file)


def _create(root: Path, lock_file: Path) -> None:
    started = time.monotonic()
    target = root / ".venv"
    if target.is_symlink():  # making an environment anew empties what it finds there
        raise BootstrapError(f"{target} is a link, and what it leads to is not ours: rm {target}")
    version = ".".join(map(str, sys.version_info[:3]))
    fresh = not (target / "made-for").is_file() or not _belongs_here(root)
    if fresh:
        say(f"First use: making .venv with Python {version} (once; needs the network).")
    else:
        say("requirements.lock has changed: bringing .venv up to date.")
    _check_disk(root)
    _check_venv_module()
    (target / "made-for").unlink(missing_ok=True)
    if fresh:
        with step("environment"):
            venv.create(target, with_pip=True, clear=True, symlinks=True)
    python = str(target / "bin" / "python")
    _install_uv(root, python, lock_file)
    sync = [f"{target}/bin/uv", "pip", "sync", "--quiet", "--require-hashes"]
    with step("packages, all pinned in requirements.lock"):
        _run([*sync, "--python", python, str(lock_file)], root)
    shutil.copyfile(lock_file, target / "made-from.lock")
    (target / "made-for").write_text(f"{root}\n", encoding="utf-8")
    say(f"Ready after {time.monotonic() - started:.1f} s.\n")


def _install_uv(root: Path, python: str, lock_file: Path) -> None:
    pin = root / ".venv" / "uv.lock"
    pin.write_text(_lines_of("uv", lock_file.read_text(encoding="utf-8")), encoding="utf-8")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    with step("uv, the installer"):
        _run([*pip, "--root-user-action=ignore", "--require-hashes", "-r", str(pin)], root)


def _lines_of(name: str, lock: str) -> str:
    """Cut one package's requirement, with its hashes, out of a lock."""
    lines = iter(lock.splitlines())
    for line in lines:
        if line.startswith(f"{name}=="):
            rest = itertools.takewhile(lambda text: text.startswith(" "), lines)
            return "\n".join([line, *(text for text in rest if "--hash" in text)]) + "\n"
    raise BootstrapError(f"requirements.lock does not pin {name}; mend it with: git checkout .")


def _is_current(root: Path, lock_file: Path) -> bool:
    made_from = root / ".venv" / "made-from.lock"
    return (
        _belongs_here(root)
        and made_from.is_file()
        and made_from.read_bytes() == lock_file.read_bytes()
    )


def _belongs_here(root: Path) -> bool:
    """Tell whether .venv was made at this path (scripts in it name it) and its Python works."""
    made_for = root / ".venv" / "made-for"
    python = root / ".venv" / "bin" / "python"
    return (
        made_for.is_file()
        and made_for.read_text(encoding="utf-8").strip() == str(root)
        and os.access(python, os.X_OK)
    )


def _check_disk(root: Path) -> None:
    free_mb = shutil.disk_usage(root).free // 2**20
    if free_mb < DISK_NEEDED_MB and not (root / ".venv").exists():
        raise BootstrapError(
            f"only {free_mb} MB free on the disk of {root}, and .venv needs {DISK_NEEDED_MB} MB; "
            "make room and run ./lab again."
        )


def _check_venv_module() -> None:
    """Debian ships Python without ensurepip; install it where that needs no password."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = f"python3.{sys.version_info[1]}-venv"
    apt = shutil.which("apt-get")
    prefix = root_prefix()
    if apt is None or prefix is None:
        command = f"sudo apt-get install {package}" if apt else "your system's package manager"
        raise BootstrapError(
            f"this Python lacks the venv module; install it and run ./lab again: {command}"
        )
    say(f"This Python lacks the venv module: installing Debian's {package}.")
    with step(package):
        apt_install([*prefix, apt], package)
    importlib.invalidate_caches()


def apt_install(apt: list[str], package: str) -> None:
    """Install a package of Debian or Ubuntu; `apt` begins the command. Raises BootstrapError."""
    install = [*apt, "install", "--yes", "--no-install-recommends", package]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (install, [*apt, "update"], install):
        done = subprocess.run(  # a fresh machine needs `update` first; a used one does not
            command,
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        if done.returncode == 0 and command is install:
            return
    raise BootstrapError(
        f"could not install {package} ({_last_line(done.stderr)}); "
        f"install it and run ./lab again: sudo apt-get update && sudo apt-get install {package}"
    )


def root_prefix() -> list[str] | None:
    """Return what to put before a command to run it as root, or None if that needs a password."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    asked = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False)
    return [sudo, "-n"] if asked.returncode == 0 else None


def _run(command: list[str], root: Path) -> None:
    environment = {**os.environ, "VIRTUAL_ENV": str(root / ".venv")}
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BootstrapError(_explain(done.stdout, root))


def _explain(output: str, root: Path) -> str:
    lowered = output.lower()
    if "no space left" in lowered:
        return f"the disk of {root} is full; make room and run ./lab again."
    if "read-only file system" in lowered or "permission denied" in lowered:
        return (
            f"cannot write to {root} ({_last_line(output)}); make it writable and run ./lab again."
        )
    if any(sign in lowered for sign in NO_NETWORK):
        return (
            "no network: the Python package index cannot be reached, and the first use needs it "
            "once; connect (or set HTTPS_PROXY) and run ./lab again."
        )
    return (
        f"could not make .venv: {_last_line(output)}\n"
        f"lab: try again from nothing: rm -rf {root}/.venv && ./lab"
    )


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "no further word"


@contextlib.contextmanager
def _turn(root: Path) -> Iterator[None]:
    """Hold the right to change .venv; the lock goes with the process, however that ends."""
    state = root / ".lab"
    state.mkdir(exist_ok=True)
    with (state / "venv.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another lab command is making .venv; waiting for it.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done and, once done, how long it took; seconds tick on a terminal."""
    started = time.monotonic()
    done = threading.Event()
    ticker = threading.Thread(target=_tick, args=(what, started, done), daemon=True)
    if sys.stderr.isatty():
        ticker.start()
    try:
        yield
    except BaseException:
        done.set()
        _over(f"  {what}: failed")
        raise
    done.set()
    if ticker.is_alive():
        ticker.join()
    _over(f"  {what}: {time.monotonic() - started:.1f} s")


def _tick(what: str, started: float, done: threading.Event) -> None:
    while not done.wait(0.5):
        print(
            f"\r  {what} … {time.monotonic() - started:.0f} s", end="", file=sys.stderr, flush=True
        )


def _over(text: str) -> None:
    """Print a line, on a terminal over the one that ticks."""
    print(f"\r\x1b[2K{text}" if sys.stderr.isatty() else text, file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Say what lab does by itself, on stderr."""
    print(f"lab: {text}" if text.strip() else text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
