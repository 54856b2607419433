"""`networks`: no effect natively, but nobody is reached by name whom Docker would not let reach."""

import pytest

from lab.errors import RefusedError
from lab.native.planner import check
from lab.tests.conftest import MakeSystem

NETWORKS = """\
services:
  front:
    build: .
    command: run
    environment: {BACK: "http://back:8000"}
    networks: [edge, inner]
  back:
    build: .
    command: run
    environment: {STORE: "store:6379"}
    healthcheck: {test: [CMD, probe, "127.0.0.1:8000"]}
    networks: {inner: , data: }
  store: {build: ., command: run, networks: [data]}
  other: {build: ., command: run}
networks:
  edge:
  inner: {internal: true, driver: bridge}
  data:
"""


def test_services_that_share_a_network_reach_each_other(make_system: MakeSystem) -> None:
    topology = check(make_system(NETWORKS).instance)
    assert topology.services["back"].networks == ("inner", "data")
    assert topology.services["other"].networks == ("default",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('BACK: "http://back:8000"', 'STORE: "store:6379"'),
        ("command: run\n    environment: {BACK", "command: run store:6379\n    environment: {BACK"),
        (
            "networks: [edge, inner]",
            "networks: [edge, inner]\n    healthcheck: {test: 'x store:6379'}",
        ),
    ],
)
def test_an_address_that_docker_would_not_know_is_refused(
    make_system: MakeSystem, old: str, new: str
) -> None:
    system = make_system(NETWORKS.replace(old, new, 1))
    words = "'front' names store:6379, but has no network in common with it: edge, inner; data"
    with pytest.raises(RefusedError, match=words):
        check(system.instance)


def test_whoever_lists_none_is_on_the_default_one(make_system: MakeSystem) -> None:
    asks = "other: {build: ., command: run store:6379"
    system = make_system(NETWORKS.replace("other: {build: ., command: run", asks))
    with pytest.raises(RefusedError, match="'other' names store:6379"):
        check(system.instance)
    joined = NETWORKS.replace("networks: [data]", "networks: [data, default]")
    check(make_system(joined.replace("other: {build: ., command: run", asks)).instance)
