"""How the next connection is opened, after what the earlier ones taught."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from linked_streams import client_stream

from xmppshell.feed import Record
from xmppshell.network.tls_layer import TlsFacts
from xmppshell.protocol.acknowledgements import Ledger
from xmppshell.protocol.events import Event, Online
from xmppshell.protocol.jid import JID
from xmppshell.protocol.problem import Problem, ProblemError
from xmppshell.protocol.redirects import Redirect
from xmppshell.session import SessionError
from xmppshell.session.opening import Opening
from xmppshell.settings import Settings

JULIET = JID.parse("juliet@localhost/balcony")
SETTINGS = Settings(JULIET, password="pencil")
ELSEWHERE = Ledger(id="s1", resumable=True, location="other.example:5333")
VERIFIED = TlsFacts("TLS 1.3", "TLS_AES_128_GCM_SHA256", None, verified=True)
LOST = ProblemError(Problem("the line broke"))


def opening(settings: Settings = SETTINGS) -> Opening:
    made = Opening()
    made.begin(settings)
    return made


def learns(of: Opening, event: Event) -> None:
    of.observe(Record(None, "here", 0.0, datetime.now(UTC), event))


class TestWhere:
    def test_where_the_settings_say(self) -> None:
        assert opening().route(SETTINGS, None, None) == SETTINGS.route

    def test_first_where_the_server_wants_its_stream(self) -> None:
        route = opening().route(SETTINGS, ELSEWHERE, VERIFIED)
        assert route == replace(SETTINGS.route, resume_at=Redirect("other.example", 5333))

    @pytest.mark.parametrize("tls", [None, replace(VERIFIED, verified=False)])
    def test_not_if_the_server_has_not_proved_who_it_is(self, tls: TlsFacts | None) -> None:
        assert opening().route(SETTINGS, ELSEWHERE, tls).resume_at is None

    def test_once_only(self) -> None:
        once = opening()
        once.route(SETTINGS, ELSEWHERE, VERIFIED)
        assert "once more" in once.reason_for_another(LOST, client_stream(), False)
        assert once.route(SETTINGS, ELSEWHERE, VERIFIED).resume_at is None
        assert once.reason_for_another(LOST, client_stream(), False) == ""

    def test_again_after_a_stream_that_came_online(self) -> None:
        twice = opening()
        twice.route(SETTINGS, ELSEWHERE, VERIFIED)
        learns(twice, Online(JULIET, 0.1))
        assert twice.route(SETTINGS, ELSEWHERE, VERIFIED).resume_at is not None

    def test_a_component_is_a_domain(self) -> None:
        with pytest.raises(SessionError, match="not the address of a component"):
            opening().route(replace(SETTINGS, component=True), None, None)


class TestAgain:
    def test_a_step_at_a_time_after_what_was_sent_ahead(self) -> None:
        ahead = opening(replace(SETTINGS, pipeline=True))
        stream = client_stream()
        stream.ahead.refused = True
        error = SessionError(LOST.problem)
        assert ahead.pipelines
        assert "a step at a time" in ahead.reason_for_another(error, stream, False)
        assert not ahead.pipelines
        assert ahead.reason_for_another(error, stream, False) == ""

    def test_the_same_settings_remember_it_and_others_do_not(self) -> None:
        settings = replace(SETTINGS, pipeline=True)
        ahead = opening(settings)
        ahead.pipelines = False
        ahead.begin(settings)
        assert not ahead.pipelines
        ahead.begin(replace(settings))
        assert ahead.pipelines

    def test_not_if_the_network_is_the_reason(self) -> None:
        stream = client_stream()
        stream.ahead.refused = True
        settings = replace(SETTINGS, pipeline=True)
        assert opening(settings).reason_for_another(LOST, stream, False) == ""
