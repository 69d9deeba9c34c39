"""One live stream: the core, the pipes, a policy for moves, and the one event feed."""

from __future__ import annotations

from .errors import SessionError
from .session import Session

__all__ = ["Session", "SessionError"]
