"""How the next connection is opened: where to, with what, and whether once more another way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..feed import Record
from ..network.transports import Route, Transport
from ..protocol.acknowledgements import Ledger
from ..protocol.credentials import FastToken
from ..protocol.events import FastTokenReceived, FastTokenRefused, Online
from ..protocol.features.sasl2 import Sasl2Wishes
from ..protocol.jid import JID
from ..protocol.problem import Problem, ProblemError
from ..protocol.redirects import parse_host
from ..protocol.stream import Stream
from ..protocol.stream_options import ClientOptions
from ..settings import Settings
from .errors import SessionError

if TYPE_CHECKING:
    from ..network.tls_layer import TlsFacts


class Opening:
    """What one session's settings say of opening it, and what earlier connections taught.

    `pipelines` is False once the server showed that it takes nothing ahead of its features. What
    happens is learnt from the feed, by `observe`.
    """

    def __init__(self) -> None:
        self.pipelines = False
        self._token: FastToken | None = None
        self._resumes_elsewhere = False
        self._settings: Settings | None = None

    def begin(self, settings: Settings) -> None:
        """Take up `settings`; with the same as last time, what was learnt holds.

        That is a newer token, or a server to be slow with.
        """
        if settings is not self._settings:
            self._settings = settings
            self.pipelines = settings.pipeline
            self._token = settings.fast_token

    def observe(self, record: Record) -> None:
        """Learn from what happens."""
        event = record.event
        if isinstance(event, Online):
            self._resumes_elsewhere = False
        elif isinstance(event, FastTokenReceived):
            self._token = event.token
        elif isinstance(event, FastTokenRefused):
            self._token = None

    def route(self, settings: Settings, ledger: Ledger | None, tls: TlsFacts | None) -> Route:
        """Return where to connect: first to where the server wants its stream resumed, if it does.

        Only a server that has proved who it is (`tls`) may say so; the domain to verify stays the
        same. Raises `SessionError` for a component whose address is not just a domain.
        """
        _check_component(settings)
        route, failed_there = settings.route, self._resumes_elsewhere
        self._resumes_elsewhere = False
        if ledger is None or not ledger.resumable or not ledger.location or failed_there:
            return route
        if tls is None or not tls.verified:
            return route
        self._resumes_elsewhere = True
        return replace(route, resume_at=parse_host(ledger.location))

    def options(
        self, settings: Settings, transport: Transport, ledger: Ledger | None
    ) -> ClientOptions:
        """Return what a stream on `transport` is to do; `ledger` is the last connection's."""
        return ClientOptions(
            settings.jid,
            settings.credentials,
            tls=transport.starttls,
            mechanism=settings.mechanism,
            channel_binding=settings.channel_binding,
            floor=settings.floor,
            dialect=transport.dialect,
            management=settings.sm or (ledger is not None and ledger.resumable),
            ledger=ledger,
            sasl2=self._sasl2_wishes(settings),
            pipeline=self.pipelines and settings.until is None,
        )

    def _sasl2_wishes(self, settings: Settings) -> Sasl2Wishes | None:
        if not settings.sasl2 or settings.component:
            return None
        return Sasl2Wishes(
            settings.client_id,
            fast=settings.wants_fast,
            token=self._token if settings.wants_fast else None,
            session_features=settings.session_features,
        )

    def reason_for_another(self, error: ProblemError, stream: Stream, gave_up: bool) -> str:
        """Return why a fresh connection may do better after `error`, or "".

        Each reason comes once at most. `gave_up` says that this side ended the `stream`.
        """
        if self._resumes_elsewhere:
            return _NOT_THERE
        if not isinstance(error, SessionError):
            return ""
        if stream.confused and self._token is None:
            return _CONFUSED
        refused = not gave_up and stream.refused_ahead
        if self.pipelines and (stream.ahead.refused or refused):
            self.pipelines = False
            return _NOT_AHEAD
        return ""


def _check_component(settings: Settings) -> None:
    """Raise `SessionError` for a component whose address is not just a domain."""
    jid = settings.jid
    if settings.component and jid != JID.parse(jid.domain):
        raise SessionError(
            Problem(
                f"{jid} is not the address of a component",
                "a component is a domain, such as component.example.org",
                f"leave out all but {jid.domain}",
                "XEP-0114",
            )
        )


_CONFUSED = "the refused token confused the server: once more without it, on a fresh connection"
_NOT_AHEAD = (
    "the server does not take what is sent ahead of its features: once more, a step at a time"
)
_NOT_THERE = "the stream cannot be resumed where the server said: once more, the usual way"
