"""Fixtures that every room of the tests may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers.ejabberd import Ejabberd
from servers.prosody import Prosody
from servers.real_server import RealServer
from servers.requirement import require

SERVERS: dict[str, type[RealServer]] = {"prosody": Prosody, "ejabberd": Ejabberd}
SERVER_FIXTURES = {*SERVERS, "real_server", "real_server_class"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real server, so that `-m "not real_server"` leaves it out."""
    for item in items:
        if SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.real_server)


@pytest.fixture(scope="session")
def prosody() -> Iterator[RealServer]:
    """Run a Prosody of our own with juliet and romeo, for the whole run."""
    require(Prosody)
    with Prosody() as server:
        yield server


@pytest.fixture(scope="session")
def ejabberd() -> Iterator[RealServer]:
    """Run an ejabberd of our own with juliet and romeo, for the whole run."""
    require(Ejabberd)
    with Ejabberd() as server:
        yield server


@pytest.fixture(params=sorted(SERVERS))
def real_server(request: pytest.FixtureRequest) -> RealServer:
    """Run the test against each of the real servers."""
    server: RealServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=sorted(SERVERS))
def real_server_class(request: pytest.FixtureRequest) -> type[RealServer]:
    """Run the test with each class, for tests that start, configure or kill their own."""
    server = SERVERS[request.param]
    require(server)
    return server
