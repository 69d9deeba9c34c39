"""From typed text to sent text: variables and ids, and nothing else changed."""

from __future__ import annotations

import pytest
from lxml import etree

from xmppshell.commands.compose import compose, substitute
from xmppshell.protocol.dialects import WEBSOCKET
from xmppshell.protocol.ids import IdCounter, prefix_for
from xmppshell.protocol.namespaces import CLIENT
from xmppshell.protocol.problem import ProblemError
from xmppshell.protocol.xml import Context

VARIABLES = {"me": "juliet@localhost/it's <1>", "bare": "juliet@localhost", "last": "j9"}


def sent(text: str) -> str:
    return compose(text, VARIABLES, IdCounter("j").next, Context.for_namespace(CLIENT)).messages[0]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("<iq type='get'><a xmlns='u'/></iq>", "<iq type='get' id='j1'><a xmlns='u'/></iq>"),
        ("<presence/>", "<presence id='j1'/>"),
        ('<message\n  to="a"\n>x</message>', "<message\n  to=\"a\" id='j1'\n>x</message>"),
        ("<message id='mine'/>", "<message id='mine'/>"),
        ("<r xmlns='urn:xmpp:sm:3'/>", "<r xmlns='urn:xmpp:sm:3'/>"),
        ("<presence/> <message/>", "<presence id='j1'/> <message id='j2'/>"),
        ("<presence/><presence/>", "<presence id='j1'/><presence id='j2'/>"),
        ("</stream:stream>", "</stream:stream>"),
        ("  <presence/>  ", "<presence id='j1'/>"),
        ("<message to='$bare'/>", "<message to='juliet@localhost' id='j1'/>"),
        ("<message id='{id}'><a xmlns='u' of='{id}'/></message>", None),
        ("<message id='x'>$5 $unknown $$me {{id}}</message>", None),
    ],
)
def test_compose(typed: str, expected: str | None) -> None:
    special = {
        "<message id='{id}'>": "<message id='j1'><a xmlns='u' of='j1'/></message>",
        "<message id='x'>": "<message id='x'>$5 $unknown $me {id}</message>",
    }
    expected = expected or next(v for k, v in special.items() if typed.startswith(k))
    assert sent(typed) == expected


def test_a_value_is_escaped_for_where_it_stands() -> None:
    element = etree.fromstring(sent("<presence to='$me'>$me</presence>"))
    assert element.get("to") == VARIABLES["me"] == element.text


def test_ids_that_were_given_are_reported() -> None:
    counter = IdCounter("j")
    context = Context.for_namespace(CLIENT)
    composition = compose("<iq id='a' type='get'/><iq type='get'/>", {}, counter.next, context)
    assert composition.ids == ("a", "j1")


@pytest.mark.parametrize("typed", ["", "<a>", "<a></b>", "<a b=c/>", "<message>a & b</message>"])
def test_what_is_not_well_formed_is_not_composed(typed: str) -> None:
    with pytest.raises(ProblemError):
        sent(typed)


def test_substitute_gives_one_fresh_id_for_a_text() -> None:
    counter = IdCounter()
    assert substitute("{id} {id}", {}, counter.next) == "x1 x1"
    assert substitute("{id}", {}, counter.next) == "x2"


@pytest.mark.parametrize(
    ("local", "prefix"), [("juliet", "j"), ("Éva", "x"), ("", "x"), ("7", "x")]
)
def test_prefix(local: str, prefix: str) -> None:
    assert prefix_for(local) == prefix


class TestOverWebSocket:
    def messages(self, text: str) -> tuple[str, ...]:
        context = WEBSOCKET.context()
        return compose(text, VARIABLES, IdCounter("j").next, context, WEBSOCKET).messages

    def test_a_stanza_is_given_its_namespace_as_it_is_given_its_id(self) -> None:
        assert self.messages("<presence/>") == ("<presence xmlns='jabber:client' id='j1'/>",)
        assert self.messages("<presence xmlns='jabber:client' id='a'/>") == (
            "<presence xmlns='jabber:client' id='a'/>",
        )

    def test_each_element_goes_by_itself(self) -> None:
        assert self.messages("<presence id='a'/>\n <r xmlns='urn:xmpp:sm:3'/>\n") == (
            "<presence id='a' xmlns='jabber:client'/>",
            "<r xmlns='urn:xmpp:sm:3'/>",
        )

    def test_an_open_is_as_it_was_typed(self) -> None:
        text = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='x'/>"
        assert self.messages(text) == (text,)

    def test_a_prefix_that_nobody_declared_is_an_error(self) -> None:
        with pytest.raises(ProblemError):
            self.messages("<other:error/>")

    def test_the_prefix_of_streams_is_declared(self) -> None:
        assert self.messages("<stream:error/>") == (
            "<stream:error xmlns:stream='http://etherx.jabber.org/streams'/>",
        )
