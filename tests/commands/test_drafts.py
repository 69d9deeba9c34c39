"""Moves as text for the prompt, and the state table as it is shown."""

from __future__ import annotations

import pytest

from xmppshell.commands.drafts import draft, secret_payload
from xmppshell.commands.negotiation import state_table
from xmppshell.protocol.moves import BeginTls, GiveUp, Move, MoveFamily, Send
from xmppshell.protocol.problem import Problem
from xmppshell.protocol.states import TRANSITIONS, State

FAMILY = MoveFamily.NEGOTIATION
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"


AUTHENTICATE = (
    "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>{}"
    "</initial-response><user-agent id='a-b'><software>xmppshell</software></user-agent>"
    "<bind xmlns='urn:xmpp:bind:0'><tag>balcony</tag></bind></authenticate>"
)


def send(text: str) -> Send:
    return Send("x", FAMILY, "a reason", data=text.encode())


@pytest.mark.parametrize(
    ("move", "text", "secret"),
    [
        (send("<a xmlns='u'>b</a>"), "<a xmlns='u'>b</a>", ""),
        (
            send(f"<auth xmlns='{SASL}' mechanism='PLAIN'>AGEAYg==</auth>"),
            f"<auth xmlns='{SASL}' mechanism='PLAIN'>$sasl</auth>",
            "AGEAYg==",
        ),
        (
            send(f"<response xmlns='{SASL}'>YQ==</response>"),
            f"<response xmlns='{SASL}'>$sasl</response>",
            "YQ==",
        ),
        (send(f"<response xmlns='{SASL}'/>"), f"<response xmlns='{SASL}'/>", ""),
        (
            send(AUTHENTICATE.format("AGEAYg==")),
            AUTHENTICATE.format("$sasl"),
            "AGEAYg==",
        ),
        (BeginTls("tls", FAMILY, "r"), "(the TLS handshake)", ""),
        (GiveUp("g", FAMILY, "r", problem=Problem("no TLS")), "(give up: no TLS)", ""),
        (Move("m", FAMILY, "r"), "", ""),
    ],
)
def test_a_secret_payload_is_left_out_of_the_draft(move: Move, text: str, secret: str) -> None:
    assert draft(move) == text
    assert secret_payload(move) == secret
    assert not secret or secret not in draft(move)


def test_no_move_has_no_secret() -> None:
    assert secret_payload(None) == ""


@pytest.mark.parametrize("here", list(State))
def test_the_table_marks_one_place_and_shows_every_transition(here: State) -> None:
    lines = state_table(here)
    assert [line for line in lines if "← here" in line] == [f"▸ {here.value}   ← here"]
    assert sum("→" in line for line in lines) == len(TRANSITIONS)
