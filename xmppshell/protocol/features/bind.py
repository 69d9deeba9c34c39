"""Resource binding, and the session establishment that it made needless (RFC 6120 7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .. import namespaces as ns
from ..errors import problem_for, stanza_error
from ..events import BindFailed, Bound, Event
from ..jid import JID, JIDError
from ..moves import GiveUp, Move, MoveFamily, Send
from ..problem import Problem
from ..states import Speaker, State, Token
from .base import escape, text_of

if TYPE_CHECKING:
    from lxml import etree

    from ..stream import Stream

_FEATURE = f"{{{ns.BIND}}}bind"
_SESSION = f"{{{ns.SESSION}}}session"
_SESSION_OPTIONAL = f"{{{ns.SESSION}}}optional"


class Bind:
    """The feature; a client may ask for a resource, a server assigns one."""

    def __init__(self) -> None:
        self._request_id: str | None = None
        self._requested = ""
        self._session_id: str | None = None
        self._session_due = False
        self._refused: Problem | None = None
        self._proposals: dict[str, bytes] = {}

    @property
    def negotiated(self) -> bool:
        """True when a resource is bound and no legacy session is due."""
        return not self._session_due

    def offer(self, stream: Stream) -> str:
        """Offer binding, and the optional session, after authentication."""
        if not stream.authenticated or stream.state is State.BOUND:
            return ""
        return f"<bind xmlns='{ns.BIND}'/><session xmlns='{ns.SESSION}'><optional/></session>"

    def client_move(self, stream: Stream) -> Move | None:
        """Bind once authenticated; ask for a session only where a server insists on it."""
        if stream.state is State.BOUND:
            return self._session_move(stream)
        if not stream.may_choose or not stream.authenticated:
            return None
        if self._refused is not None:
            return GiveUp(
                "bind-refused",
                MoveFamily.NEGOTIATION,
                "the server refused to bind a resource",
                "RFC 6120 7.7.2",
                problem=self._refused,
            )
        if stream.sends_ahead:
            if stream.management.waiting_to_resume:
                return None  # The features may allow to go on with that stream instead.
        elif stream.features.find(_FEATURE) is None:
            return None
        wanted = stream.wanted_resource
        body = f"<resource>{escape(wanted)}</resource>" if wanted else ""
        bind = f"<bind xmlns='{ns.BIND}'>{body}</bind>" if body else f"<bind xmlns='{ns.BIND}'/>"
        return Send(
            "bind",
            MoveFamily.NEGOTIATION,
            "a resource makes this connection addressable; stanzas flow only after it",
            "RFC 6120 7",
            data=self._request(stream, bind),
        )

    def _request(self, stream: Stream, payload: str) -> bytes:
        """Return an iq around `payload`, the same each time, so that its id is used once."""
        if payload not in self._proposals:
            iq = f"<iq type='set' id='{stream.next_id()}'>{payload}</iq>"
            self._proposals[payload] = iq.encode()
        return self._proposals[payload]

    def _session_move(self, stream: Stream) -> Move | None:
        if not self._session_due or self._session_id is not None:
            return None
        return Send(
            "session",
            MoveFamily.NEGOTIATION,
            "this old server requires a session to be established after binding",
            "RFC 3921 3",
            data=self._request(stream, f"<session xmlns='{ns.SESSION}'/>"),
        )

    def server_move(self, stream: Stream) -> Move | None:
        """Answer a bind request with the resource that the server assigns."""
        if stream.state is not State.BINDING or self._request_id is None:
            return None
        assigned = stream.assign_resource(self._requested)
        iq_id = escape(self._request_id)
        if isinstance(assigned, JID):
            reply = (
                f"<iq type='result' id='{iq_id}'><bind xmlns='{ns.BIND}'>"
                f"<jid>{escape(str(assigned))}</jid></bind></iq>"
            )
        else:
            said = (
                f"<text xmlns='{ns.STANZA_ERRORS}' xml:lang='en'>{escape(assigned.text)}</text>"
                if assigned.text
                else ""
            )
            reply = (
                f"<iq type='error' id='{iq_id}'><error type='{assigned.type}'>"
                f"<{assigned.condition} xmlns='{ns.STANZA_ERRORS}'/>{said}</error></iq>"
            )
        return Send(
            "bound",
            MoveFamily.NEGOTIATION,
            "the client asked for a resource",
            "RFC 6120 7.6.1",
            data=reply.encode(),
        )

    def classify(self, speaker: Speaker, element: etree._Element) -> Token:
        """Tell a bind request and its answer from other iqs."""
        name = str(element.tag).rpartition("}")[2]
        if name != "iq":
            return Token.OTHER
        kind = element.get("type")
        if speaker is Speaker.CLIENT:
            is_bind = kind == "set" and element.find(_FEATURE) is not None
            return Token.BIND if is_bind else Token.OTHER
        if self._request_id is None or element.get("id") != self._request_id:
            return Token.OTHER
        return {"result": Token.BIND_RESULT, "error": Token.BIND_ERROR}.get(kind or "", Token.OTHER)

    def observe(
        self, stream: Stream, speaker: Speaker, token: Token, element: etree._Element
    ) -> Iterable[Event]:
        """Follow the request and its answer."""
        if token is Token.BIND:
            self._request_id = element.get("id")
            resource = element.find(f"{_FEATURE}/{{{ns.BIND}}}resource")
            self._requested = "" if resource is None else text_of(resource)
        elif token is Token.BIND_RESULT:
            yield from self._bound(stream, element)
        elif token is Token.BIND_ERROR:
            yield self._failed(element)
        elif token is Token.OTHER and stream.state is State.BOUND:
            self._observe_session(stream, speaker, element)

    def _bound(self, stream: Stream, element: etree._Element) -> Iterable[Event]:
        self._request_id = None
        assigned = element.find(f"{_FEATURE}/{{{ns.BIND}}}jid")
        try:
            jid = JID.parse("" if assigned is None else text_of(assigned))
        except JIDError as error:
            stream.fail(
                Problem(
                    f"the server bound a JID that is not one: {error}",
                    "the bind result has no valid <jid/>",
                    "look at the answer with /show",
                    "RFC 6120 7.6.1",
                )
            )
            return
        session = stream.features.find(_SESSION)
        self._session_due = (
            session is not None and session.find(_SESSION_OPTIONAL) is None and stream.is_client
        )
        stream.jid = jid
        yield Bound(jid)

    def _failed(self, element: etree._Element) -> Event:
        self._request_id = None
        error = stanza_error(element)
        condition = error.condition if error else "undefined-condition"
        text = error.text if error else ""
        self._refused = problem_for("stanza", condition, text)
        return BindFailed(condition, text, self._refused)

    def _observe_session(self, stream: Stream, speaker: Speaker, element: etree._Element) -> None:
        if speaker is Speaker.CLIENT and element.find(_SESSION) is not None:
            self._session_id = element.get("id")
        elif self._session_id is not None and element.get("id") == self._session_id:
            self._session_due = False
