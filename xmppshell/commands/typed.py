"""What was typed, filled in from a session and sent on it: in the shell and in one-shot use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..protocol import dialects
from ..protocol.events import Direction
from ..protocol.namespaces import CLIENT
from ..protocol.xml import Context
from ..templates.placeholders import finished
from .compose import compose
from .drafts import secret_payload

if TYPE_CHECKING:
    from ..session import Session


def session_variables(session: Session) -> dict[str, str]:
    """Return the values of the `$` variables that `session` gives, those that have one now."""
    me = session.jid or session.settings.jid
    values = {
        "me": str(me),
        "bare": str(me.bare),
        "domain": me.domain,
        "user": me.local,
        "resource": me.resource,
        "last": session.ids.last,
        "sasl": secret_payload(session.proposal()),
    }
    return {name: value for name, value in values.items() if value}


def context_of(session: Session | None) -> Context:
    """Return the namespaces in scope for what is typed to `session`."""
    if session is None or session.stream is None:
        return Context.for_namespace(CLIENT)
    return session.stream.context(Direction.SENT)


async def send_composed(
    session: Session,
    text: str,
    variables: Mapping[str, str],
    look: Callable[[Session, str], None] | None = None,
) -> None:
    """Fill in `text` and send it on `session`; raises ProblemError and then sends nothing.

    What a template left open goes if it is optional, and stops the text if it is required.
    `look` sees what is sent before it is.
    """
    dialect = dialects.CLIENT if session.stream is None else session.stream.dialect
    composition = compose(finished(text), variables, session.ids.next, context_of(session), dialect)
    if composition.ids:
        session.ids.last = composition.ids[-1]
    if look is not None:
        look(session, "".join(composition.messages))
    for message in composition.messages:
        await session.send(message.encode())
