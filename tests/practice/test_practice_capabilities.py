"""The capabilities that the server announces, and the hash that they are known by (XEP-0115)."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from practice.raw_client import HEADER, STARTTLS, plain, practice
from practice.stage_driver import House, parsed

from xmppshell.practice.facilities import Facility
from xmppshell.practice.services.capabilities import (
    Identity,
    Info,
    form_field,
    ill_formed,
    read_info,
    verification,
    verification_input,
)
from xmppshell.practice.services.discovery import CAPS_NODE, caps_feature

DISCO = "http://jabber.org/protocol/disco#info"


def test_the_simple_example_of_the_specification() -> None:
    info = Info(
        (Identity("client", "pc", "Exodus 0.9.1"),),
        (
            "http://jabber.org/protocol/caps",
            "http://jabber.org/protocol/disco#info",
            "http://jabber.org/protocol/disco#items",
            "http://jabber.org/protocol/muc",
        ),
    )
    assert verification(info) == "QgayPKawpkPSDYmwT/WM94uAlu0="


def test_the_complex_example_of_the_specification() -> None:
    info = Info(
        (
            Identity("client", "pc", "Psi 0.11", "en"),
            Identity("client", "pc", "Ψ 0.11", "el"),
        ),
        (
            "http://jabber.org/protocol/caps",
            "http://jabber.org/protocol/disco#info",
            "http://jabber.org/protocol/disco#items",
            "http://jabber.org/protocol/muc",
        ),
        (
            (
                form_field("FORM_TYPE", "urn:xmpp:dataforms:softwareinfo"),
                form_field("ip_version", "ipv6", "ipv4"),
                form_field("os", "Mac"),
                form_field("os_version", "10.5.1"),
                form_field("software", "Psi"),
                form_field("software_version", "0.11"),
            ),
        ),
    )
    assert verification(info) == "q07IKJEyjvHSyhy//CH0CxmKi8w="


def test_a_form_whose_type_is_not_hidden_does_not_count() -> None:
    plain = Info((), ("a",))
    shown = parsed(
        f"<query xmlns='{DISCO}'><feature var='a'/><x xmlns='jabber:x:data' type='result'>"
        "<field var='FORM_TYPE'><value>f</value></field>"
        "<field var='b'><value>c</value></field></x></query>"
    )
    assert verification(read_info(shown)) == verification(plain)


@pytest.mark.parametrize(
    "inside",
    [
        "<feature var='a'/><feature var='a'/>",
        "<identity category='a' type='b'/><identity category='a' type='b'/>",
        2
        * (
            "<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'><value>f</value>"
            "</field></x>"
        ),
        "<x xmlns='jabber:x:data'><field var='FORM_TYPE' type='hidden'><value>f</value>"
        "<value>g</value></field></x>",
    ],
)
def test_what_says_a_thing_twice_is_ill_formed(inside: str) -> None:
    assert ill_formed(read_info(parsed(f"<query xmlns='{DISCO}'>{inside}</query>")))


def ask(house: House, node: str = "") -> str:
    query = f"<query xmlns='{DISCO}' node='{node}'/>" if node else f"<query xmlns='{DISCO}'/>"
    ((_, text),) = house.say("juliet/balcony", f"<iq type='get' id='i' to='localhost'>{query}</iq>")
    return text


def recomputed(query: object) -> str:
    """Compute the hash as XEP-0115 5.1 has it, from the answer's XML alone."""
    from lxml import etree

    assert isinstance(query, etree._Element)
    info = "{http://jabber.org/protocol/disco#info}"
    data = "{jabber:x:data}"
    text = ""
    for one in sorted(
        "/".join((i.get("category"), i.get("type"), "", i.get("name", "")))
        for i in query.iter(f"{info}identity")
    ):
        text += f"{one}<"
    for var in sorted(f.get("var") for f in query.iter(f"{info}feature")):
        text += f"{var}<"
    for form in query.iter(f"{data}x"):
        values = {
            f.get("var"): sorted(v.text for v in f.iter(f"{data}value"))
            for f in form.iter(f"{data}field")
        }
        text += f"{values.pop('FORM_TYPE')[0]}<"
        for var in sorted(values):
            text += "".join(f"{part}<" for part in (var, *values[var]))
    return base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()


def test_the_servers_own_hash_verifies_and_its_node_answers() -> None:
    house = House()
    house.enter("juliet/balcony", 0)
    query = parsed(ask(house))[0]
    version = recomputed(query)
    assert version == verification(read_info(query))
    assert not ill_formed(read_info(query))
    again = parsed(ask(house, f"{CAPS_NODE}#{version}"))[0]
    assert again.get("node") == f"{CAPS_NODE}#{version}"
    assert verification_input(read_info(again)) == verification_input(read_info(query))
    assert "item-not-found" in ask(house, f"{CAPS_NODE}#other")


def test_the_server_says_that_it_is_a_teaching_instrument() -> None:
    house = House()
    house.enter("juliet/balcony", 0)
    info = read_info(parsed(ask(house))[0])
    assert "teaching instrument" in info.identities[0].name
    fields = {field.var: field.values for form in info.forms for field in form}
    assert fields["FORM_TYPE"] == ("urn:xmpp:dataforms:softwareinfo",)
    assert fields["software"] == ("xmppshell practice server",)


def test_the_stream_feature_has_the_hash_of_the_answer() -> None:
    class More(Facility):
        server_features = ("urn:example:more",)

    plain = parsed(caps_feature([], registration=False))
    more = parsed(caps_feature([More()], registration=False))
    assert plain.get("node") == more.get("node") == CAPS_NODE
    assert plain.get("hash") == "sha-1"
    assert plain.get("ver") != more.get("ver")


@pytest.mark.parametrize("registration", [False, True])
async def test_the_hash_in_the_stream_features_verifies(tmp_path: Path, registration: bool) -> None:
    async with practice(tmp_path, registration=registration) as stand:
        client = await stand.connect()
        assert "protocol/caps" not in await client.ask(HEADER, "</stream:features>")
        await client.ask(STARTTLS, "<proceed[^>]*>")
        await client.secure()
        await client.ask(HEADER, "</stream:features>")
        await client.ask(plain("juliet"), "<success[^>]*>")
        features = await client.ask(HEADER, "</stream:features>")
        announced = parsed(features[features.index("<stream:features") :])
        (caps,) = announced.iter("{http://jabber.org/protocol/caps}c")
        await client.bind()
        node = f"{caps.get('node')}#{caps.get('ver')}"
        question = (
            f"<iq type='get' id='d' to='localhost'><query xmlns='{DISCO}' node='{node}'/></iq>"
        )
        query = parsed(await client.ask(question, "</iq>"))[0]
        assert query.get("node") == node
        assert recomputed(query) == caps.get("ver")
