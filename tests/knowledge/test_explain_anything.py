"""Nothing that can be on a stream is answered with nothing, with an exception, or too late."""

from __future__ import annotations

import random
import time

import pytest
from lxml import etree

from xmppshell.knowledge.catalogue import canonical, catalogue
from xmppshell.knowledge.explain import Circumstances, explain_element, explain_term
from xmppshell.knowledge.explanation import Branch
from xmppshell.knowledge.model import Element
from xmppshell.protocol.errors import STANZA_CONDITIONS
from xmppshell.protocol.xml import Context, parse_element
from xmppshell.terminal.explain_view import ExplainView
from xmppshell.terminal.theme import Theme

ELEMENTS = [e for space in catalogue().namespaces().values() for e in space.elements.values()]
ODD_VALUES = ["", "bad", "a@b/c", "{id}", "‹to›", "2002-09-10T23:08:25Z", "http://x+notify", "-1"]
ODD_VALUES += ["0001-01-01T00:00:00+14:00", "9" * 5000]
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
PATIENCE = 2.0


def made(element: Element, dice: random.Random, depth: int = 0) -> etree._Element:
    """Make an element of that kind or nearly so, with attributes and children of any kind."""
    tags = [element.tag, element.tag, f"{{urn:example:x}}{element.name}", element.name]
    found = etree.Element(dice.choice(tags))
    for attribute in element.attributes.values():
        if dice.random() < 0.6 and ":" not in attribute.name:
            values = [*attribute.values.one_of, *ODD_VALUES]
            found.set(attribute.name, dice.choice(values))
    found.text = dice.choice([None, " ", "text", "5"])
    if depth < 3:
        found.extend(
            made(dice.choice(ELEMENTS), dice, depth + 1) for _ in range(dice.randint(0, 3))
        )
    return found


def says_something(tree: Branch) -> bool:
    return bool(tree.why or tree.remarks)


@pytest.mark.parametrize("seed", range(20))
def test_any_tree_is_explained(seed: int) -> None:
    dice = random.Random(seed)
    view = ExplainView(Theme(True), 60)
    for _ in range(40):
        tree = explain_element(made(dice.choice(ELEMENTS), dice))
        assert says_something(tree)
        assert view.tree(tree)


@pytest.mark.parametrize("seed", range(10))
def test_any_error_is_explained_by_any_request(seed: int) -> None:
    dice = random.Random(seed)
    view = ExplainView(Theme(False), 80)
    for _ in range(30):
        kind = dice.choice(["iq", "message", "presence"])
        request = etree.Element(f"{{jabber:client}}{kind}", type=dice.choice(["get", "set", "x"]))
        to = dice.choice(["a@b", "b", "a@b/c", "@@", ""])
        request.set("to", to)
        request.append(made(dice.choice(ELEMENTS), dice, depth=2))
        answer = etree.Element(f"{{jabber:client}}{kind}", {"type": "error", "from": to})
        error = etree.SubElement(answer, "{jabber:client}error", type="cancel")
        etree.SubElement(error, f"{{{STANZAS}}}{dice.choice(list(STANZA_CONDITIONS))}")
        around = Circumstances(received=True, request=request)
        tree = explain_element(answer, around)
        assert "try: " in view.tree(tree)


@pytest.mark.parametrize("element", ELEMENTS[::7], ids=lambda element: element.tag)
def test_every_element_is_explained_with_its_values(element: Element) -> None:
    found = etree.Element(element.tag)
    for attribute in element.attributes.values():
        if attribute.values.one_of:
            found.set(attribute.name, attribute.values.one_of[0])
    tree = explain_element(found)
    known = catalogue().element(canonical(element.tag))
    assert known is not None
    assert tree.why == known.why
    assert not [value for value in tree.values if value.doubt]


def test_terms_from_the_catalogue_and_nearly_so_are_answered() -> None:
    dice = random.Random(1)
    view = ExplainView(Theme(False), 80)
    for element in dice.sample(ELEMENTS, 60):
        for term in (element.name, f"{element.namespace} {element.name}", f"{element.name}@x",
                     element.name[:-1] + "q", f"<{element.name}/>"):  # fmt: skip
            assert view.answer(explain_term(term))


QUERY = "<iq type='result'><query xmlns='http://jabber.org/protocol/disco#{}'>{}</query></iq>"
BIG = {
    "items": QUERY.format("items", "".join(f"<item jid='r{n}@b' name='n'/>" for n in range(5000))),
    "features": QUERY.format("info", "".join(f"<feature var='x:{n}'/>" for n in range(5000))),
    "roster": "<iq type='result'><query xmlns='jabber:iq:roster'>"
    + "".join(f"<item jid='u{n}@b'><group>g</group></item>" for n in range(5000))
    + "</query></iq>",
    "depth": "<message>" + "<a xmlns='urn:x'>" * 250 + "</a>" * 250 + "</message>",
    "text": "<message><body>" + "word " * 200_000 + "</body></message>",
}


@pytest.mark.parametrize("name", BIG)
def test_large_stanzas_take_no_time_to_speak_of(name: str) -> None:
    element = parse_element(BIG[name].encode(), Context.for_namespace())
    began = time.process_time()
    text = ExplainView(Theme(True), 80).tree(explain_element(element))
    assert time.process_time() - began < PATIENCE
    assert len(text) < 200_000
