"""Rules of signing in by SASL (RFC 6120 6)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.jid import JID
from .model import Rule, error, sent, warning
from .work import Work, divided, short

if TYPE_CHECKING:
    from lxml import etree

_ME: Final = JID("juliet", "capulet.example", "balcony")

SPACE = warning(
    "space-in-sasl",
    "there is no white space in the data of SASL",
    "RFC 6120 6.3.5",
    "The data is one run of base64. Line breaks, as some encoders put them in, are refused with "
    "incorrect-encoding by strict servers.",
    (sent(f"<response xmlns='{ns.SASL}'>YWJj\nZGVm</response>"),),
    (sent(f"<response xmlns='{ns.SASL}'>YWJjZGVm</response>"),),
)
BASE64 = error(
    "sasl-not-base64",
    "the data of SASL is base64",
    "RFC 6120 6.5.5",
    "What a mechanism says stands in the element as base64, complete with its = at the end. "
    "Prosody answers incorrect-encoding, ejabberd not-authorized.",
    (sent(f"<auth xmlns='{ns.SASL}' mechanism='PLAIN'>***</auth>"),),
    (sent(f"<auth xmlns='{ns.SASL}' mechanism='PLAIN'>AGp1bGlldAByMG1lMA==</auth>"),),
)
EMPTY = error(
    "empty-initial-response",
    "an empty initial response is written as `=`",
    "RFC 6120 6.4.2",
    "An <auth/> without text has no initial response at all, so that the server has to ask for "
    "one. EXTERNAL and ANONYMOUS begin with the client, whose empty response is a single `=`.",
    (sent(f"<auth xmlns='{ns.SASL}' mechanism='EXTERNAL'/>"),),
    (
        sent(f"<auth xmlns='{ns.SASL}' mechanism='EXTERNAL'>=</auth>"),
        sent(f"<response xmlns='{ns.SASL}'/>"),
    ),
)
MECHANISM = error(
    "mechanism-not-offered",
    "the mechanism is one that the server offers",
    "RFC 6120 6.4.2",
    "The server's features list its mechanisms; the list may change after TLS. Any other is "
    "answered with invalid-mechanism.",
    (
        sent(
            f"<auth xmlns='{ns.SASL}' mechanism='SCRAM-SHA-512'>biwsbj1qLHI9MQ==</auth>",
            mechanisms=frozenset({"SCRAM-SHA-1", "PLAIN"}),
        ),
    ),
    (
        sent(
            f"<auth xmlns='{ns.SASL}' mechanism='SCRAM-SHA-1'>biwsbj1qLHI9MQ==</auth>",
            mechanisms=frozenset({"SCRAM-SHA-1", "PLAIN"}),
        ),
    ),
)
PLAIN_IN_CLEAR = warning(
    "plain-without-tls",
    "the mechanism PLAIN belongs inside TLS",
    "RFC 6120 6.5.4",
    "PLAIN sends the password itself; base64 hides nothing. Prosody answers encryption-required, "
    "but by then the password has been on the wire for all to read.",
    (
        sent(
            f"<auth xmlns='{ns.SASL}' mechanism='PLAIN'>AGp1bGlldAByMG1lMA==</auth>",
            encrypted=False,
        ),
    ),
    (
        sent(
            f"<auth xmlns='{ns.SASL}' mechanism='PLAIN'>AGp1bGlldAByMG1lMA==</auth>",
            encrypted=True,
        ),
    ),
)
AUTHZID = warning(
    "foreign-authzid",
    "the authorization identity is the own account, or empty",
    "RFC 6120 6.3.8",
    "It is for acting as somebody else, which hardly any server lets a client do; some ignore it, "
    "others refuse with invalid-authzid or open a session that leads nowhere.",
    (
        sent(
            f"<auth xmlns='{ns.SASL}' mechanism='PLAIN'>"
            "bnVyc2VAY2FwdWxldC5leGFtcGxlAGp1bGlldAByMG1lMA==</auth>",
            me=_ME,
        ),
    ),
    (
        sent(f"<auth xmlns='{ns.SASL}' mechanism='PLAIN'>AGp1bGlldAByMG1lMA==</auth>", me=_ME),
    ),
)  # fmt: skip

RULES: Final[tuple[Rule, ...]] = (
    SPACE, BASE64, EMPTY, MECHANISM, PLAIN_IN_CLEAR, AUTHZID,
)  # fmt: skip

_CLIENT_FIRST_EMPTY: Final = frozenset({"EXTERNAL", "ANONYMOUS"})


def check_sasl(work: Work, element: etree._Element) -> None:
    """Judge an element of SASL on the stream."""
    name = divided(str(element.tag))[1]
    if name not in ("auth", "response", "challenge", "success"):
        return
    if name == "auth":
        _check_mechanism(work, element)
    text = work.text_of(element)
    if not text:
        mechanism = element.get("mechanism", "")
        if text is not None and name == "auth" and mechanism in _CLIENT_FIRST_EMPTY:
            what = f"the initial response of {mechanism} is missing"
            work.report(EMPTY, what, "write = if it is empty", element)
        return
    if any(character.isspace() for character in text):
        what = "there is white space in the data of SASL"
        work.report(SPACE, what, "write it in one run", element, inside=True)
    elif text != "=" or name == "response":
        _check_data(work, element, text)


def _check_mechanism(work: Work, auth: etree._Element) -> None:
    setting, mechanism = work.setting, work.value(auth, "mechanism")
    if mechanism is None:
        return
    if setting.mechanisms is not None and mechanism not in setting.mechanisms:
        what = f"the server does not offer the mechanism {short(mechanism)}"
        offered = ", ".join(sorted(setting.mechanisms)) or "none"
        work.report(MECHANISM, what, f"it offers {offered}", auth, "mechanism")
    if mechanism == "PLAIN" and setting.encrypted is False:
        what = "PLAIN sends the password without TLS, for all to read"
        work.report(PLAIN_IN_CLEAR, what, "begin TLS first, or use SCRAM", auth, "mechanism")


def _check_data(work: Work, element: etree._Element, text: str) -> None:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        what = "the data of SASL is not base64"  # Not shown: it may be a secret.
        work.report(BASE64, what, "encode the bytes as one base64 line", element, inside=True)
        return
    me = work.setting.me
    if element.get("mechanism") != "PLAIN" or me is None:
        return
    authzid, separator, _ = data.partition(b"\0")
    if separator and authzid and authzid.decode(errors="replace") != str(me.bare):
        what = f"this asks to act as {short(authzid.decode(errors='replace'))}"
        work.report(AUTHZID, what, "leave it empty, before the first NUL", element, inside=True)
