"""How the parts of a request that is wrong say so to whoever answers it."""

from __future__ import annotations

from ..protocol.stream_options import Refusal


class Refused(Exception):
    """A request cannot be answered; `refusal` says with which error, and why."""

    def __init__(self, condition: str, error_type: str, text: str) -> None:
        super().__init__(text)
        self.refusal = Refusal(condition, error_type, text)
