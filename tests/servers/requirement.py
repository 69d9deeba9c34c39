"""When a real server that a test needs is not installed."""

from __future__ import annotations

import os

import pytest
from servers.real_server import RealServer


def require(server: type[RealServer]) -> None:
    """Skip the test where the server is not installed; in CI that is a failure."""
    if server.executable() is not None:
        return
    reason = f"{server.name} is not installed (apt-get install {server.name})"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI=true asks for every real server")
    pytest.skip(reason)
