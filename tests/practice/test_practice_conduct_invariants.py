"""Whatever clients say, no profile makes the server stumble."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linked_streams import server_stream
from practice.edge_inputs import ALL, HEADER
from practice.stage_driver import House

from xmppshell.practice.conduct.conduct import Conduct
from xmppshell.practice.conduct.profiles import Profile, deviations_of
from xmppshell.protocol.events import Direction, ElementSeen
from xmppshell.protocol.features.stream_management import ManagementOptions
from xmppshell.protocol.moves import GiveUp, Send
from xmppshell.protocol.stanza import stanza_of
from xmppshell.protocol.xml import Context, parse_element

PIECES = [case.data for case in ALL if len(case.data) < 2000] + [HEADER.encode()]
MANAGEMENT = ManagementOptions(lambda: "sm1", lambda username, stream_id: None, 60)
PROFILES = pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.value)

NAMES = ["message", "presence", "iq"]
TYPES = ["", "get", "set", "result", "error", "available", "subscribe", "probe", "chat", "foo"]
ADDRESSES = ["", "romeo@localhost", "nobody@localhost", "localhost", "a b@c", "x@nope.example"]
CHILDREN = [
    "<priority>200</priority>",
    "<priority>  -5 </priority>",
    "<priority>a&amp;b</priority>",
    "<priority/>",
    "<show>busy</show>",
    "<show><x/></show>",
    "<ping xmlns='urn:xmpp:ping'/>",
    "<query xmlns='jabber:iq:roster'><item jid='a@b'/></query>",
    "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
    "<body>1 &gt; 2</body>",
]


@PROFILES
@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=5),
    step=st.integers(1, 200),
    ready=st.booleans(),
)
def test_streams(profile: Profile, pieces: list[bytes], step: int, ready: bool) -> None:
    stream = server_stream(tls=False, deviations=deviations_of(profile), management=MANAGEMENT)
    stream.authenticated = ready
    data = HEADER.encode() + b"".join(pieces)
    for start in range(0, len(data), step):
        for _ in stream.receive_steps(data[start : start + step]):
            for _ in range(20):
                moves = stream.moves()
                if not moves or not isinstance(moves[0], Send | GiveUp):
                    break
                stream.data_sent(moves[0].data)


@PROFILES
@settings(max_examples=80, deadline=None)
@given(
    said=st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.sampled_from(TYPES),
            st.sampled_from(ADDRESSES),
            st.lists(st.sampled_from(CHILDREN), max_size=3),
        ),
        max_size=6,
    )
)
def test_stanzas(profile: Profile, said: list[tuple[str, str, str, list[str]]]) -> None:
    house = House()
    house.enter("romeo/orchard", 0)
    house.enter("juliet/balcony")
    resource = house.resources["juliet/balcony"]
    conduct = Conduct(profile)
    for name, kind, to, children in said:
        attributes = f" id='a>b' type='{kind}'" if kind else " id='a>b'"
        attributes += f" to='{to}'" if to else ""
        data = f"<{name}{attributes}>{''.join(children)}</{name}>".encode()
        element = parse_element(data, Context.for_namespace())
        event = ElementSeen(Direction.RECEIVED, data, element, stanza_of(element))
        for delivery in conduct.take(resource, event, house.stage.take):
            parse_element(delivery.data, Context.for_namespace())
