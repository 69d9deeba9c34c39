"""Sessions that sign in, or are refused, for the tests of mechanisms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from xmppshell.protocol.events import Authenticated
from xmppshell.protocol.problem import ProblemError
from xmppshell.session import Session
from xmppshell.settings import Settings


@asynccontextmanager
async def signed_in(settings: Settings) -> AsyncIterator[tuple[Session, Authenticated]]:
    """Open a session and close it again; raises what opening raises."""
    session = Session("test", settings)
    seen: list[Authenticated] = []

    def note(record: object) -> None:
        if isinstance(record.event, Authenticated):  # type: ignore[attr-defined]
            seen.append(record.event)  # type: ignore[attr-defined]

    session.feed.subscribe(note)
    await session.open()
    try:
        yield session, seen[0]
    finally:
        await session.close()


async def refusal(settings: Settings) -> str:
    """Return the sentence that the user reads when signing in is refused."""
    session = Session("test", settings)
    with pytest.raises(ProblemError) as caught:
        await session.open()
    assert not session.connected
    problem = caught.value.problem
    assert problem.cause
    assert problem.cure
    return problem.what
