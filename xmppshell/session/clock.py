"""The clock of a session: how long ago things were."""

from __future__ import annotations

import time


class Clock:
    """Tells how many seconds ago a session began and what its side did last."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._opened = self._typed = self._said = self._began

    @property
    def age(self) -> float:
        """Seconds since the session began."""
        return time.monotonic() - self._began

    @property
    def opening(self) -> float:
        """Seconds since the last attempt to open the session began."""
        return time.monotonic() - self._opened

    @property
    def idle(self) -> float:
        """Seconds since the user typed something to be sent, or since the session began."""
        return time.monotonic() - self._typed

    @property
    def silent(self) -> float:
        """Seconds since this side said something, or since the session began."""
        return time.monotonic() - self._said

    def opens(self) -> None:
        """Note that the session is being opened now."""
        self._opened = time.monotonic()

    def typed(self) -> None:
        """Note that the user typed something to be sent."""
        self._typed = time.monotonic()

    def said(self) -> None:
        """Note that this side said something."""
        self._said = time.monotonic()
