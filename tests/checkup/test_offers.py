"""Stream features as servers send them, read for judging."""

from __future__ import annotations

from lxml import etree

from xmppshell.checkup.offers import Offer, read_offer
from xmppshell.protocol import namespaces as ns


def features(content: str) -> etree._Element:
    return etree.fromstring(
        f"<features xmlns='http://etherx.jabber.org/streams'>{content}</features>"
    )


def test_nothing() -> None:
    assert read_offer(features("")) == Offer()


def test_before_tls() -> None:
    optional = features("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    assert read_offer(optional).starttls == "optional"
    required = features(
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
        "<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes> 10000 </max-bytes></limits>"
    )
    assert (read_offer(required).starttls, read_offer(required).max_bytes) == ("required", 10000)


def test_after_tls() -> None:
    offer = read_offer(
        features(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
            "<mechanism>\n SCRAM-SHA-256-PLUS\n</mechanism></mechanisms>"
            "<authentication xmlns='urn:xmpp:sasl:2'><mechanism>PLAIN</mechanism>"
            "<mechanism>SCRAM-SHA-512</mechanism><inline><bind xmlns='urn:xmpp:bind:0'/>"
            "<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-ENDP</mechanism></fast>"
            "</inline></authentication>"
            "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>"
            "<channel-binding type='tls-exporter'/></sasl-channel-binding>"
            "<register xmlns='http://jabber.org/features/iq-register'/>"
        )
    )
    assert offer.mechanisms == ("PLAIN", "SCRAM-SHA-256-PLUS")
    assert offer.ways_in == ("PLAIN", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512")
    assert offer.inline == (ns.BIND2, ns.FAST)
    assert offer.fast == ("HT-SHA-256-ENDP",)
    assert offer.bindings == ("tls-exporter",)
    assert offer.has(ns.REGISTER_FEATURE)
    assert offer.has(ns.BIND2)
    assert not offer.has(ns.STREAM_MANAGEMENT)


def test_a_list_of_bindings_may_be_empty_or_absent() -> None:
    assert read_offer(features("")).bindings is None
    empty = features("<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'/>")
    assert read_offer(empty).bindings == ()
