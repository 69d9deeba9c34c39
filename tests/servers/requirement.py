"""When a real server that a test needs cannot be run."""

from __future__ import annotations

import os

import pytest
from servers.real_server import RealServer


def require(server: type[RealServer]) -> None:
    """Skip the test where the server cannot be run; in CI that is a failure."""
    reason = server.absence()
    if reason is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI=true asks for every real server")
    pytest.skip(reason)
