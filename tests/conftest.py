"""Fixtures that every room of the tests may use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from servers.debian13 import Ejabberd24, Prosody13
from servers.ejabberd import Ejabberd
from servers.prosody import Prosody
from servers.real_server import RealServer
from servers.requirement import require

SERVERS: dict[str, type[RealServer]] = {"prosody": Prosody, "ejabberd": Ejabberd}
MODERN_SERVERS: dict[str, type[RealServer]] = {"prosody13": Prosody13, "ejabberd24": Ejabberd24}
EVERY_SERVER = SERVERS | MODERN_SERVERS

DEBIAN13_FIXTURES = {*MODERN_SERVERS, "modern_server", "modern_server_class"}
SERVER_FIXTURES = {*SERVERS, "real_server", "real_server_class", *DEBIAN13_FIXTURES}
SERVER_FIXTURES |= {"every_server", "every_server_class"}


def _each(servers: Iterable[str]) -> list[object]:
    """Give the servers as parameters of a fixture, marked where they are of Debian 13."""
    return [
        pytest.param(name, marks=[pytest.mark.debian13] if name in MODERN_SERVERS else [])
        for name in sorted(servers)
    ]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real server, so that `-m "not real_server"` leaves it out.

    What needs one of Debian 13 is marked `debian13` besides.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if SERVER_FIXTURES.intersection(fixtures):
            item.add_marker(pytest.mark.real_server)
        if DEBIAN13_FIXTURES.intersection(fixtures):
            item.add_marker(pytest.mark.debian13)


def _running(server_class: type[RealServer]) -> Iterator[RealServer]:
    """Run a server of our own with juliet and romeo."""
    require(server_class)
    with server_class() as server:
        yield server


@pytest.fixture(scope="session")
def prosody() -> Iterator[RealServer]:
    """Run a Prosody of our own with juliet and romeo, for the whole run."""
    yield from _running(Prosody)


@pytest.fixture(scope="session")
def ejabberd() -> Iterator[RealServer]:
    """Run an ejabberd of our own with juliet and romeo, for the whole run."""
    yield from _running(Ejabberd)


@pytest.fixture(scope="session")
def prosody13() -> Iterator[RealServer]:
    """Run a Prosody 13 (SASL2, Bind 2, FAST, XEP-0440) of our own, for the whole run."""
    yield from _running(Prosody13)


@pytest.fixture(scope="session")
def ejabberd24() -> Iterator[RealServer]:
    """Run an ejabberd 24.12 (SASL2, Bind 2, FAST, XEP-0440) of our own, for the whole run."""
    yield from _running(Ejabberd24)


@pytest.fixture(params=_each(SERVERS))
def real_server(request: pytest.FixtureRequest) -> RealServer:
    """Run the test against each of the real servers of Debian 12."""
    server: RealServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=_each(MODERN_SERVERS))
def modern_server(request: pytest.FixtureRequest) -> RealServer:
    """Run the test against each of the real servers of Debian 13."""
    server: RealServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=_each(EVERY_SERVER))
def every_server(request: pytest.FixtureRequest) -> RealServer:
    """Run the test against each of the real servers of both."""
    server: RealServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=_each(SERVERS))
def real_server_class(request: pytest.FixtureRequest) -> type[RealServer]:
    """Run the test with each class, for tests that start, configure or kill their own."""
    return _required(request.param)


@pytest.fixture(params=_each(MODERN_SERVERS))
def modern_server_class(request: pytest.FixtureRequest) -> type[RealServer]:
    """Run the test with each class of Debian 13."""
    return _required(request.param)


@pytest.fixture(params=_each(EVERY_SERVER))
def every_server_class(request: pytest.FixtureRequest) -> type[RealServer]:
    """Run the test with each class of both."""
    return _required(request.param)


def _required(name: str) -> type[RealServer]:
    server = EVERY_SERVER[name]
    require(server)
    return server
