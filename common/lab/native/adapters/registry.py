"""Which adapters there are."""

from collections.abc import Sequence

from lab.native.adapters.adapter import Adapter
from lab.native.adapters.nginx import Nginx
from lab.native.adapters.postgres import Postgres
from lab.native.adapters.rabbitmq import RabbitMQ
from lab.native.adapters.redis import Redis

ADAPTERS: Sequence[Adapter] = (Redis(), Postgres(), RabbitMQ(), Nginx())


def adapter_for(image: str) -> Adapter | None:
    """Return the adapter for an image such as `redis:8.0`, None if there is none."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    name = folder + slash + last.partition(":")[0]
    name = name.removeprefix("docker.io/").removeprefix("library/")
    return next((one for one in ADAPTERS if one.image == name), None)
