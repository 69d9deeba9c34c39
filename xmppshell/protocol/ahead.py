"""What a client sends before it has seen the features that allow it (XEP-0305).

It saves a round trip at each step, and costs one if the server does not take it: some servers
throw away what they did not ask for, or close the stream.
"""

from __future__ import annotations

from typing import Final

from .states import Token

_NO_ANSWERS: Final = frozenset(
    {Token.HEADER, Token.FEATURES, Token.STREAM_ERROR, Token.STREAM_END, Token.OTHER}
)

_OTHER_REASONS: Final = frozenset(
    {
        "conflict",
        "host-gone",
        "host-unknown",
        "improper-addressing",
        "invalid-from",
        "invalid-namespace",
        "reset",
        "resource-constraint",
        "see-other-host",
        "system-shutdown",
        "unsupported-encoding",
        "unsupported-version",
    }
)
"""Stream errors that would come as well if everything was sent in its time."""


class Ahead:
    """What was sent ahead on one connection.

    `unanswered` is true while the server has not said anything about it; `refused` says that the
    server should be asked a step at a time, on another connection.
    """

    def __init__(self) -> None:
        self.unanswered = False
        self.refused = False
        self._tokens: list[Token] = []

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def sent(self, token: Token) -> None:
        """Note what was sent while the features are not there yet."""
        self._tokens.append(token)
        self.unanswered = True

    def next(self) -> Token | None:
        """Take out what was sent first, now that the features are there; None if nothing was."""
        return self._tokens.pop(0) if self._tokens else None

    def heard(self, token: Token) -> None:
        """Note what the server said."""
        if token not in _NO_ANSWERS:
            self.unanswered = False

    def ended(self, condition: str = "") -> None:
        """Note that the server ended the stream, with the stream error `condition` if any."""
        self.refused = self.refused or (self.unanswered and condition not in _OTHER_REASONS)

    def clear(self) -> None:
        """Forget what was sent: the stream starts anew."""
        self._tokens.clear()
