"""A disk that somebody else fills, and a database whose tables lie on it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from postgres import TEMPLATE, Cluster
from waiting import wait_for


class Disk:
    """A file system of 24 MiB that somebody else fills; the tables of a database lie on it."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp())  # whose parents everybody may enter
        options = ["-t", "tmpfs", "-o", "size=24m,mode=0755"]
        mount = ["mount", *options, "tmpfs", str(self.directory)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("mounting a small file system takes root, and a container that may mount")
        self.tables = self.directory / "tables"
        self.tables.mkdir()
        shutil.chown(self.tables, "nobody", "nogroup")

    def fill(self) -> None:
        """Leave no byte of room."""
        with (self.directory / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * 4096)

    def make_room(self) -> None:
        """Give it back."""
        (self.directory / "filler").unlink()

    def unmount(self) -> None:
        """Leave nothing behind, once nobody uses it."""
        command = ["umount", str(self.directory)]
        wait_for(lambda: subprocess.run(command, check=False).returncode == 0)
        self.directory.rmdir()


@contextmanager
def small_database(disk: Disk) -> Iterator[str]:
    """Give the address of a database of a primary whose log, unlike its tables, has room."""
    servers = Cluster()
    primary = servers.primary
    try:
        primary.ask(f"CREATE TABLESPACE small LOCATION '{disk.tables}'")
        primary.ask(f"CREATE DATABASE d TEMPLATE {TEMPLATE} OWNER chat TABLESPACE small")
        yield primary.url("d")
    finally:
        servers.close()
