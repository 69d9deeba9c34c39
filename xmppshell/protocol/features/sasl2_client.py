"""The client's side of SASL2 (XEP-0388): the same exchanges as in SASL, in one richer request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from .. import namespaces as ns
from ..mechanisms import Advertised, ClientMechanism
from ..mechanisms.scram import LIST_CHANGED
from ..moves import Move, MoveFamily, Send
from ..problem import Problem
from ..states import State
from .base import escape
from .bind2 import Bind2
from .fast import Fast
from .payloads import encode
from .sasl2_elements import advertised_by, inline_of, offer_of
from .sasl_client import Proposal, SaslClient, choose_mechanism

if TYPE_CHECKING:
    from ..stream import Stream

SOFTWARE: Final = "xmppshell"
"""How the client names itself to its own server."""


class Sasl2Client(SaslClient):
    """One client's exchanges on one connection; with a token first, if there is one."""

    exchanging = State.SASL2
    namespace = ns.SASL2
    reference = "XEP-0388"

    def __init__(self, bind2: Bind2, fast: Fast) -> None:
        super().__init__()
        self._bind2 = bind2
        self._fast = fast
        self._proposes_token = False
        self._proved = False

    @property
    def uses_token(self) -> bool:
        """True if the present exchange is this side's own, with the token that was kept."""
        return self._proposes_token and self._ours

    def token_refused(self) -> bool:
        """Take failure; if it was the token's, forget that and say True: the password is next."""
        if not self.uses_token:
            return False
        self._fast.refused = True
        self.mechanism = self._pending = self._proposal = None
        self._proposes_token = self._ours = False
        return True

    def began(self, stream: Stream, name: str, payload: bytes | None) -> None:
        """Take the beginning of an exchange; what the server proved before counts no more."""
        self._proved = False
        super().began(stream, name, payload)

    def challenged(self, stream: Stream, text: str) -> None:
        """Take a challenge; a server that refused a token may go wrong from then on."""
        super().challenged(stream, text)
        if self.refusal is LIST_CHANGED and self._fast.refused:
            self.refusal = _CONFUSED
            stream.confused = True

    def continued(self, text: str, tasks: Iterable[str]) -> None:
        """Take that the exchange is done, and the server wants one of the `tasks` as well."""
        if self.mechanism is None:
            return
        self._proved = self.succeeded(text)
        if self.refusal is None:
            self.refusal = Problem(
                f"the server wants another step to sign in: {', '.join(tasks) or 'unnamed'}",
                "the account has a second factor, or its password must be changed",
                "--negotiate manual lets you take the step by hand, with <next/>",
                "XEP-0388",
            )

    def task_taken(self) -> None:
        """Take that the user goes on with a task, which is not known here."""
        self.refusal = None
        self.aborted()

    def succeeded(self, text: str) -> bool:
        """Take success, which the server may have proved itself for before a task."""
        return super().succeeded(text) or self._proved

    def _auth(self, stream: Stream) -> Move | None:
        wishes = stream.client.sasl2
        if wishes is None:
            return None
        if not self._ready(stream) and wishes.token is not None and not stream.sends_ahead:
            problem = _REFUSED if self._fast.refused else _UNUSABLE
            return None if stream.credentials else self._give_up("no-password", problem, stream)
        return super()._auth(stream)

    def _ready(self, stream: Stream) -> bool:
        offered = stream.sends_ahead or offer_of(stream.features) is not None
        has_token = self._fast.mechanism(stream) is not None
        return offered and (stream.credentials is not None or has_token)

    def _advertised(self, stream: Stream) -> Advertised:
        return advertised_by(stream.features)

    def _propose(self, stream: Stream) -> Proposal:
        """Begin with the token or the best mechanism; raises `SaslRefusedError` without any."""
        token = self._fast.mechanism(stream)
        self._proposes_token = token is not None
        mechanism: ClientMechanism
        if token is not None:
            mechanism, reason = token, "a token of an earlier login is kept"
        else:
            mechanism, reason = choose_mechanism(stream, self._advertised(stream))
        payload = mechanism.first()
        move = Send(
            "authenticate",
            MoveFamily.NEGOTIATION,
            reason,
            "XEP-0484" if token is not None else self.reference,
            data=self._request(stream, mechanism.name, payload).encode(),
        )
        return Proposal(mechanism, payload, move, stream.sends_ahead)

    def _request(self, stream: Stream, name: str, payload: bytes | None) -> str:
        inline = None if stream.sends_ahead else inline_of(stream.features)
        known = not stream.sends_ahead
        parts = []
        if payload is not None:
            parts.append(f"<initial-response>{encode(payload)}</initial-response>")
        wishes = stream.client.sasl2
        if wishes is not None and wishes.client_id:
            parts.append(
                f"<user-agent id='{escape(wishes.client_id)}'><software>{SOFTWARE}</software>"
                "</user-agent>"
            )
        if not known or inline is not None:
            resume = stream.management.resume_request()
            resumes = inline is None or inline.find(f"{{{ns.STREAM_MANAGEMENT}}}sm") is not None
            if not resume or resumes:
                # Who cannot resume inline does it after the login, and not after a resource.
                parts += [resume, self._bind2.request(stream, inline)]
            parts.append(self._fast.request(stream, inline, uses_token=self._proposes_token))
        return (
            f"<authenticate xmlns='{ns.SASL2}' mechanism='{escape(name)}'>{''.join(parts)}"
            "</authenticate>"
        )


_CONFUSED: Final = Problem(
    "after it refused the token, the server counts other mechanisms or channel bindings than it "
    "offered",
    "Prosody with mod_sasl2_fast and mod_sasl_ssdp does; or somebody in between changed the list",
    "connect again: without the token it is told apart",
    "XEP-0474 6.2",
)
_REFUSED: Final = Problem(
    "the server refused the token of the last login, and there is no password to sign in with",
    "the token has expired, was taken back, or the password was changed since",
    "connect again and give the password: the token is dropped",
    "XEP-0484",
)
_UNUSABLE: Final = Problem(
    "the token of the last login cannot be used here, and there is no password to sign in with",
    "the server or this connection lacks the mechanism that the token is for",
    "connect again and give the password, or --no-fast",
    "XEP-0484",
)
