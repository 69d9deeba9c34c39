"""The namespace names that the stream itself is made of (RFC 6120 and the core XEPs)."""

from __future__ import annotations

from typing import Final

STREAM: Final = "http://etherx.jabber.org/streams"
CLIENT: Final = "jabber:client"
SERVER: Final = "jabber:server"
COMPONENT_ACCEPT: Final = "jabber:component:accept"
XML: Final = "http://www.w3.org/XML/1998/namespace"
FRAMING: Final = "urn:ietf:params:xml:ns:xmpp-framing"

TLS: Final = "urn:ietf:params:xml:ns:xmpp-tls"
SASL: Final = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND: Final = "urn:ietf:params:xml:ns:xmpp-bind"
SESSION: Final = "urn:ietf:params:xml:ns:xmpp-session"
STREAM_ERRORS: Final = "urn:ietf:params:xml:ns:xmpp-streams"
STANZA_ERRORS: Final = "urn:ietf:params:xml:ns:xmpp-stanzas"
SASL2: Final = "urn:xmpp:sasl:2"
BIND2: Final = "urn:xmpp:bind:0"
FAST: Final = "urn:xmpp:fast:0"
STREAM_MANAGEMENT: Final = "urn:xmpp:sm:3"
CHANNEL_BINDING: Final = "urn:xmpp:sasl-cb:0"
DOWNGRADE_PROTECTION: Final = "urn:xmpp:ssdp:0"

ROSTER: Final = "jabber:iq:roster"
PING: Final = "urn:xmpp:ping"
VERSION: Final = "jabber:iq:version"
TIME: Final = "urn:xmpp:time"
LAST: Final = "jabber:iq:last"
REGISTER: Final = "jabber:iq:register"
REGISTER_FEATURE: Final = "http://jabber.org/features/iq-register"
BLOCKING: Final = "urn:xmpp:blocking"
DISCO_INFO: Final = "http://jabber.org/protocol/disco#info"
DISCO_ITEMS: Final = "http://jabber.org/protocol/disco#items"
