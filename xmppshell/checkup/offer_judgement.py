"""What to think of what a server offers: before TLS, after it, and after signing in."""

from __future__ import annotations

from typing import Final

from ..protocol import namespaces as ns
from .findings import Sheet
from .offers import COMPRESSION, CSI, IQ_AUTH, ROSTER_VERSIONING, Offer

_OUTDATED: Final = frozenset({"CRAM-MD5", "DIGEST-MD5", "LOGIN"})
_AFTER_LOGIN: Final = (
    ("sm", "stream mgmt", ns.STREAM_MANAGEMENT, "what is lost on the way stays lost", "XEP-0198"),
    ("csi", "client state", CSI, "telephones get all traffic at once, always", "XEP-0352"),
    (
        "rosterver",
        "roster versions",
        ROSTER_VERSIONING,
        "every sign-in fetches the whole roster",
        "RFC 6121 2.6",
    ),
)


def judge_before_tls(sheet: Sheet, offer: Offer) -> None:
    """Write down what is to be said of the features before TLS."""
    if offer.starttls == "required":
        sheet.ok("starttls", "STARTTLS", "offered and required", "RFC 6120 5.3.1")
    elif offer.starttls:
        why = "a client that does not ask for it sends everything in the clear"
        sheet.warn("starttls", "STARTTLS", "offered, not required", why, "RFC 7590 3.1")
    else:
        why = "nothing can be encrypted here, or somebody in between removed the offer"
        sheet.fail("starttls", "STARTTLS", "not offered", why, "RFC 7590 3.1")
    if "PLAIN" in offer.ways_in:
        why = "the password crosses the network readable"
        sheet.warn("sasl.before-tls.plain", "PLAIN", "offered before TLS", why, "RFC 4616")
    others = ", ".join(name for name in offer.ways_in if name != "PLAIN")
    if others:
        why = "the session that follows can be read and changed on the way"
        what = f"offered before TLS: {others}"
        sheet.warn("sasl.before-tls", "sign-in", what, why, "RFC 7590 3.1")
    if offer.has(IQ_AUTH):
        why = "it is obsolete, and may send the password readable"
        sheet.warn("iq-auth.before-tls", "iq:auth", "offered before TLS", why, "XEP-0078")
    elif not offer.ways_in:
        sheet.ok("sasl.before-tls", "sign-in", "only after TLS", "RFC 6120 5.3.4")


def judge_after_tls(sheet: Sheet, offer: Offer, tls_version: str) -> None:
    """Write down what is to be said of the features after TLS, spoken in `tls_version`."""
    _judge_mechanisms(sheet, offer)
    _judge_bindings(sheet, offer, tls_version)
    _judge_sasl2(sheet, offer)
    if offer.max_bytes:
        sheet.ok("limits", "limits", f"{offer.max_bytes:,} bytes an element", "XEP-0478")
    if offer.has(ns.REGISTER_FEATURE):
        why = "anybody can make accounts, those who send spam too"
        sheet.note("registration", "registration", "open in-band", why, "XEP-0077")
    if offer.has(IQ_AUTH):
        why = "it is obsolete: SASL has replaced it"
        sheet.note("iq-auth", "iq:auth", "offered", why, "XEP-0078")
    if offer.has(COMPRESSION):
        why = "compressing secrets together with what others send can give them away"
        sheet.warn("compression", "compression", "offered", why, "XEP-0138")


def _judge_mechanisms(sheet: Sheet, offer: Offer) -> None:
    code, topic, names = "sasl", "mechanisms", offer.ways_in
    if not names:
        sheet.fail(code, topic, "none after TLS", "nobody can sign in here", "RFC 6120 6.3.4")
        return
    shown = ", ".join(sorted(names))
    scram = {name.removesuffix("-PLUS") for name in names if name.startswith("SCRAM-")}
    if scram == {"SCRAM-SHA-1"}:
        why = "SHA-1 has had its day, and SHA-256 or better is expected"
        sheet.warn(code, topic, f"{shown}: SCRAM with SHA-1 only", why, "RFC 7677")
    elif not scram and ("PLAIN" in names or _OUTDATED & set(names)):
        why = "the server sees every password, and never proves that it knows it"
        sheet.warn(code, topic, f"{shown}: no SCRAM", why, "RFC 6120 13.8")
    else:
        sheet.ok(code, topic, shown, "RFC 6120 13.8")
    outdated = ", ".join(sorted(_OUTDATED & set(names)))
    if outdated:
        why = "SCRAM has replaced it"
        sheet.warn("sasl.outdated", "outdated", outdated, why, "RFC 6331")
    if "ANONYMOUS" in names:
        why = "anybody comes in without an account"
        sheet.note("sasl.anonymous", "ANONYMOUS", "offered", why, "XEP-0175")


def _judge_bindings(sheet: Sheet, offer: Offer, tls_version: str) -> None:
    code, topic = "channel-binding", "channel binding"
    types = offer.bindings
    announced = ", ".join(types or ()) or "none announced"
    on_13 = tls_version == "TLS 1.3"
    if not any(name.endswith("-PLUS") for name in offer.ways_in):
        why = "signing in is not tied to the TLS connection, as it could be"
        sheet.note(code, topic, "no -PLUS mechanism", why, "RFC 5802 6")
    elif types is None:
        why = "clients have to guess which type the server can do"
        sheet.note(code, topic, "offered, the types are not announced", why, "XEP-0440")
    elif on_13 and "tls-unique" in types:
        why = "tls-unique is not defined for TLS 1.3"
        sheet.warn(code, topic, f"{announced}, on TLS 1.3", why, "RFC 9266")
    elif on_13 and "tls-exporter" not in types:
        why = "tls-exporter, the type of TLS 1.3, is missing"
        sheet.note(code, topic, announced, why, "RFC 9266")
    else:
        sheet.ok(code, topic, announced, "XEP-0440")


def _judge_sasl2(sheet: Sheet, offer: Offer) -> None:
    if not offer.sasl2:
        why = "signing in takes more round trips than it needs"
        sheet.note("sasl2", "SASL2", "not offered", why, "XEP-0388")
        return
    sheet.ok("sasl2", "SASL2", "offered", "XEP-0388")
    for code, topic, here, reference in (
        ("bind2", "Bind 2", offer.has(ns.BIND2), "XEP-0386"),
        ("fast", "FAST", bool(offer.fast), "XEP-0484"),
    ):
        if here:
            sheet.ok(code, topic, "offered", reference)
        else:
            sheet.note(code, topic, "not offered", "it would save a round trip", reference)


def judge_after_login(sheet: Sheet, offer: Offer) -> None:
    """Write down what is to be said of the features after signing in."""
    if offer.has(ns.BIND):
        sheet.ok("bind", "binding", "offered", "RFC 6120 7")
    else:
        sheet.fail("bind", "binding", "not offered", "no client gets a resource", "RFC 6120 7")
    for code, topic, namespace, why, reference in _AFTER_LOGIN:
        if offer.has(namespace):
            sheet.ok(code, topic, "offered", reference)
        else:
            sheet.note(code, topic, "not offered", why, reference)
