from __future__ import annotations

import dataclasses

import pytest
from lxml import etree

from xmppshell.protocol import errors
from xmppshell.protocol.errors import StanzaError, StreamError

STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
STREAMS = "urn:ietf:params:xml:ns:xmpp-streams"

# The lists as the RFCs have them, in their order.
STANZA_NAMES = [
    "bad-request",
    "conflict",
    "feature-not-implemented",
    "forbidden",
    "gone",
    "internal-server-error",
    "item-not-found",
    "jid-malformed",
    "not-acceptable",
    "not-allowed",
    "not-authorized",
    "policy-violation",
    "recipient-unavailable",
    "redirect",
    "registration-required",
    "remote-server-not-found",
    "remote-server-timeout",
    "resource-constraint",
    "service-unavailable",
    "subscription-required",
    "undefined-condition",
    "unexpected-request",
]
STREAM_NAMES = [
    "bad-format",
    "bad-namespace-prefix",
    "conflict",
    "connection-timeout",
    "host-gone",
    "host-unknown",
    "improper-addressing",
    "internal-server-error",
    "invalid-from",
    "invalid-namespace",
    "invalid-xml",
    "not-authorized",
    "not-well-formed",
    "policy-violation",
    "remote-connection-failed",
    "reset",
    "resource-constraint",
    "restricted-xml",
    "see-other-host",
    "system-shutdown",
    "undefined-condition",
    "unsupported-encoding",
    "unsupported-feature",
    "unsupported-stanza-type",
    "unsupported-version",
]
SASL_NAMES = [
    "aborted",
    "account-disabled",
    "credentials-expired",
    "encryption-required",
    "incorrect-encoding",
    "invalid-authzid",
    "invalid-mechanism",
    "malformed-request",
    "mechanism-too-weak",
    "not-authorized",
    "temporary-auth-failure",
]
SCRAM_NAMES = [
    "invalid-encoding",
    "extensions-not-supported",
    "invalid-proof",
    "channel-bindings-dont-match",
    "server-does-support-channel-binding",
    "channel-binding-not-supported",
    "unsupported-channel-binding-type",
    "unknown-user",
    "invalid-username-encoding",
    "no-resources",
    "other-error",
]


def test_every_condition_is_there() -> None:
    assert list(errors.STANZA_CONDITIONS) == STANZA_NAMES
    assert list(errors.STREAM_CONDITIONS) == STREAM_NAMES
    assert list(errors.SASL_CONDITIONS) == SASL_NAMES
    assert list(errors.SCRAM_ERRORS) == SCRAM_NAMES
    assert [len(names) for names in (STANZA_NAMES, STREAM_NAMES, SASL_NAMES, SCRAM_NAMES)] == [
        22,
        25,
        11,
        11,
    ]


@pytest.mark.parametrize(
    "condition",
    [
        *errors.STANZA_CONDITIONS.values(),
        *errors.STREAM_CONDITIONS.values(),
        *errors.SASL_CONDITIONS.values(),
        *errors.SCRAM_ERRORS.values(),
    ],
    ids=lambda condition: f"{condition.family}-{condition.name}",
)
def test_each_condition_says_all_it_should(condition: errors.Condition) -> None:
    for text in (condition.meaning, condition.cause, condition.cure):
        assert text
        assert "\n" not in text
        assert not text.endswith(".")
        assert "  " not in text
    assert condition.meaning[0].islower() or condition.meaning[0] == "`"
    assert len(condition.meaning) <= 80
    assert errors.condition(condition.family, condition.name) == condition


@pytest.mark.parametrize(
    ("family", "name", "reference"),
    [
        ("stanza", "bad-request", "RFC 6120 8.3.3.1"),
        ("stanza", "not-authorized", "RFC 6120 8.3.3.11"),
        ("stanza", "service-unavailable", "RFC 6120 8.3.3.19"),
        ("stream", "host-unknown", "RFC 6120 4.9.3.6"),
        ("stream", "not-authorized", "RFC 6120 4.9.3.12"),
        ("stream", "unsupported-version", "RFC 6120 4.9.3.25"),
        ("sasl", "not-authorized", "RFC 6120 6.5.10"),
        ("scram", "invalid-proof", "RFC 5802 7"),
        ("stream", "xml-not-well-formed", "RFC 3920 4.7.3"),
        ("stream", "invalid-id", "RFC 3920 4.7.3"),
        ("stanza", "payment-required", "RFC 3920 9.3.3"),
    ],
)
def test_references(family: str, name: str, reference: str) -> None:
    found = errors.condition(family, name)
    assert found is not None
    assert found.reference == reference


def test_one_name_means_three_things() -> None:
    meanings = {
        dataclasses.replace(found, family="", reference="").meaning
        for family in ("stanza", "stream", "sasl")
        if (found := errors.condition(family, "not-authorized"))
    }
    assert len(meanings) == 3


def test_a_problem_tells_condition_text_cause_and_cure() -> None:
    problem = errors.problem_for("stream", "host-unknown", "no such host")
    assert problem.what.startswith("stream error host-unknown: the host in `to`")
    assert "no such host" in problem.what
    assert "--host" in problem.cure
    assert problem.cause
    assert problem.reference == "RFC 6120 4.9.3.6"


def test_an_unknown_condition_is_told_as_such() -> None:
    assert errors.condition("stream", "host-unknwon") is None
    assert "host-unknwon" in errors.problem_for("stream", "host-unknwon").what
    assert "not one of the defined" in errors.problem_for("stream", "host-unknwon").cause
    assert "without a condition" in errors.problem_for("stanza", "", "").what
    with pytest.raises(KeyError):
        errors.condition("galaxy", "conflict")


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        (
            f"<iq xmlns='jabber:client' type='error'><q xmlns='x'/><error type='cancel'>"
            f"<item-not-found xmlns='{STANZAS}'/></error></iq>",
            StanzaError("item-not-found", "cancel", "", "", ""),
        ),
        (
            f"<message xmlns='jabber:client' type='error'><error by='room@muc' type='auth'>"
            f"<text xmlns='{STANZAS}' xml:lang='en'> Bad\u00a0boy </text>"
            f"<forbidden xmlns='{STANZAS}'/><text xmlns='{STANZAS}' xml:lang='de'>Na!</text>"
            f"</error></message>",
            StanzaError("forbidden", "auth", "Bad\u00a0boy", "room@muc", ""),
        ),
        (
            f"<iq xmlns='jabber:client' type='error'><error type='cancel'>"
            f"<gone xmlns='{STANZAS}'>xmpp:new@x</gone></error></iq>",
            StanzaError("gone", "cancel", "", "", "xmpp:new@x"),
        ),
        (
            f"<iq xmlns='jabber:client' type='error'><error type='modify'><!-- c -->"
            f"<bad-request xmlns='{STANZAS}'/>"
            f"<invalid-jid xmlns='http://jabber.org/protocol/pubsub#errors'/></error></iq>",
            StanzaError(
                "bad-request",
                "modify",
                "",
                "",
                "{http://jabber.org/protocol/pubsub#errors}invalid-jid",
            ),
        ),
        (
            "<iq xmlns='jabber:client' type='error'><error code='404'>Not Found</error></iq>",
            StanzaError("", "", "", "", ""),
        ),
        ("<iq xmlns='jabber:client' type='result'/>", None),
        (
            f"<iq xmlns='jabber:component:accept' type='error'><error type='wait'>"
            f"<resource-constraint xmlns='{STANZAS}'/></error></iq>",
            StanzaError("resource-constraint", "wait", "", "", ""),
        ),
        (
            f"<error xmlns='jabber:client' type='wait'><conflict xmlns='{STANZAS}'/></error>",
            StanzaError("conflict", "wait", "", "", ""),
        ),
    ],
)
def test_reading_stanza_errors(xml: str, expected: StanzaError | None) -> None:
    assert errors.stanza_error(etree.fromstring(xml)) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"<host-unknown xmlns='{STREAMS}'/>", StreamError("host-unknown", "", "")),
        (
            f"<see-other-host xmlns='{STREAMS}'>[2001:db8::1]:9222</see-other-host>"
            f"<text xmlns='{STREAMS}'>moved</text>",
            StreamError("see-other-host", "moved", "[2001:db8::1]:9222"),
        ),
        (
            f"<undefined-condition xmlns='{STREAMS}'/>"
            "<handled-count-too-high xmlns='urn:xmpp:sm:3'/>",
            StreamError("undefined-condition", "", "{urn:xmpp:sm:3}handled-count-too-high"),
        ),
        ("", StreamError("", "", "")),
    ],
)
def test_reading_stream_errors(content: str, expected: StreamError) -> None:
    xml = f"<s:error xmlns:s='http://etherx.jabber.org/streams'>{content}</s:error>"
    assert errors.stream_error(etree.fromstring(xml)) == expected


def test_another_element_is_no_stream_error() -> None:
    assert errors.stream_error(etree.fromstring("<error xmlns='jabber:client'/>")) is None
