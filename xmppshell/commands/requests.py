"""Requests that a command makes, and the answers to them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..protocol.events import Direction, Disconnected, ElementSeen, StreamErrorSeen
from ..protocol.features.base import escape
from ..protocol.problem import Problem
from ..session import SessionError

if TYPE_CHECKING:
    from lxml import etree

    from ..feed import Record
    from ..session import Session

ANSWER_SECONDS = 30.0
"""How long an answer may take."""


_GONE = Problem(
    "the connection was closed in the meantime",
    "servers do not wait long for who is not signed in",
    "connect again, with the answers ready",
)


class StreamEnded(SessionError):
    """The stream ended instead of an answer; `condition` is that of the stream error, or ""."""

    def __init__(self, problem: Problem, condition: str) -> None:
        super().__init__(problem)
        self.condition = condition


async def request(
    session: Session,
    kind: str,
    payload: str,
    to: str | None = None,
    *,
    seconds: float = ANSWER_SECONDS,
) -> etree._Element:
    """Send an iq of type `kind` ("get" or "set") and return the answer, a result or an error.

    `payload` is XML; without `to` it is for the own account. Raises `StreamEnded` if the stream
    ends before an answer, and `SessionError` if none comes within `seconds`.
    """
    if not session.connected:
        raise StreamEnded(session.problem or _GONE, "")
    iq_id = session.ids.next()
    waiting = _Waiting(session, iq_id)
    stop = session.feed.subscribe(waiting.take)
    address = "" if to is None else f" to='{escape(to)}'"
    try:
        iq = f"<iq type='{kind}'{address} id='{iq_id}'>{payload}</iq>".encode()
        await session.send(iq if session.stream is None else session.stream.dialect.complete(iq))
        async with asyncio.timeout(seconds):
            return await waiting.answer
    except TimeoutError:
        raise SessionError(
            Problem(
                f"{to or 'the server'} did not answer within {seconds:.0f} s",
                "it is gone, or drops what it does not know",
                "try again later",
            )
        ) from None
    finally:
        stop()
        waiting.forget()


class _Waiting:
    """Reads the feed of a session for the answer to one iq."""

    def __init__(self, session: Session, iq_id: str) -> None:
        self.answer: asyncio.Future[etree._Element] = asyncio.get_running_loop().create_future()
        self._session = session
        self._id = iq_id
        self._number: int | None = None
        self._condition = ""

    def forget(self) -> None:
        """Wait no more."""
        if not self.answer.cancel() and not self.answer.cancelled():
            self.answer.exception()  # Looked at, or asyncio complains that nobody did.

    def take(self, record: Record) -> None:
        """Look at one record."""
        event = record.event
        if self.answer.done():
            return
        if isinstance(event, StreamErrorSeen):
            self._condition = event.condition
        elif isinstance(event, Disconnected):
            problem = event.problem or Problem("the connection was closed before an answer came")
            self.answer.set_exception(StreamEnded(problem, self._condition))
        elif isinstance(event, ElementSeen) and event.stanza is not None:
            if event.direction is Direction.SENT:
                if event.stanza.id == self._id:
                    self._number = record.number
            elif self._is_answer(record, event):
                self.answer.set_result(event.element)

    def _is_answer(self, record: Record, event: ElementSeen) -> bool:
        """Say whether this is the reply, from where the request went (`protocol.exchanges`)."""
        if record.answers is not None:
            return record.answers.request == self._number
        # Before signing in nobody else can speak, and servers disagree on the sender they write.
        stream = self._session.stream
        alone = stream is not None and not stream.authenticated
        assert event.stanza is not None
        return alone and event.stanza.is_reply and event.stanza.id == self._id
