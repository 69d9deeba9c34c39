"""What goes wrong with a session, whatever the server says."""

from __future__ import annotations

from typing import Final

from ..protocol.problem import Problem, ProblemError


class SessionError(ProblemError):
    """The session could not be opened, was lost, or is not there to send on."""


NOT_CONNECTED: Final = Problem(
    "there is no connection to send on", "the stream is closed or was never opened", "/connect JID"
)
LEFT_EARLY: Final = Problem(
    "the stream was closed before it was ready",
    "it was closed by hand, or by the server without a reason",
    "/connect to try again",
)
