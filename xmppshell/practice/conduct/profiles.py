"""Profiles: the answers of servers in use, where they are not those of the RFCs.

`MEASURED` is the one table of all differences: which server answers which input otherwise, and
how. It was measured on Prosody 0.12.3 and ejabberd 23.01 as Debian 12 installs them, ejabberd
without the need for TLS, by 82 malformed or unusual inputs; where a server is not named it answers
as the RFC says. (Both pass on what is 3,000 levels deep, where the parser of this server gives
up, so 1,500 are in the table.)
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from ...protocol.deviations import Deviation


class Profile(enum.Enum):
    """Whose answers the practice server gives."""

    RFC = "rfc"
    PROSODY = "prosody"
    EJABBERD = "ejabberd"


@dataclass(frozen=True, slots=True)
class Difference:
    """`server` answers each of `inputs` with `answer`, which is `deviation` at work."""

    server: Profile
    deviation: Deviation
    inputs: tuple[str, ...]
    answer: str


def _prosody(deviation: Deviation, answer: str, *inputs: str) -> Difference:
    return Difference(Profile.PROSODY, deviation, inputs, answer)


def _ejabberd(deviation: Deviation, answer: str, *inputs: str) -> Difference:
    return Difference(Profile.EJABBERD, deviation, inputs, answer)


_D = Deviation
_FAULTY_XML: Final = ("doctype", "bad utf8")

MEASURED: Final = (
    # Opening a stream.
    _prosody(_D.ANY_DEFAULT_NAMESPACE, "features", "default ns jabber:server"),
    _prosody(_D.NO_VERSION_NEEDED, "features", "no version"),
    _prosody(_D.SENDER_UNCHECKED, "features", "from garbage"),
    _prosody(
        _D.ALL_XML_FAULTS_ALIKE,
        "not-well-formed",
        *_FAULTY_XML,
        "encoding iso-8859-1",
        "comment",
        "PI",
    ),
    _ejabberd(
        _D.DEFAULT_NAMESPACE_REQUIRED,
        "invalid-namespace or invalid-xml",
        "no default ns",
        "stream as default ns",
    ),
    _ejabberd(_D.NO_VERSION_NO_FEATURES, "a header and no features", "no version"),
    _ejabberd(_D.NEWER_VERSION_REFUSED, "unsupported-version", "version 2.0"),
    _ejabberd(_D.BAD_SENDER_IS_INVALID_XML, "invalid-xml", "from garbage"),
    _ejabberd(_D.ALL_XML_FAULTS_ALIKE, "not-well-formed", *_FAULTY_XML),
    _ejabberd(_D.ENCODING_IGNORED, "features", "encoding iso-8859-1"),
    # Before a resource is bound.
    _prosody(
        _D.EARLY_STANZA_ANSWERED,
        "service-unavailable",
        "stanza before auth",
        "iq before auth",
        "stanza before bind",
    ),
    _prosody(_D.ENDLESS_ATTEMPTS, "not-authorized each time", "wrong password"),
    _prosody(_D.ANY_AUTHZID, "success", "authzid other"),
    _prosody(_D.BAD_RESOURCE_REPLACED, "another resource is bound", "bind bad resource"),
    _ejabberd(_D.EARLY_STANZA_DROPPED, "silence", "stanza before bind"),
    _ejabberd(_D.PLAIN_WITHOUT_TLS, "the password is looked at", "PLAIN w/o TLS"),
    _ejabberd(_D.BAD_BASE64_IS_NOT_AUTHORIZED, "not-authorized", "bad base64"),
    _ejabberd(_D.ENDLESS_ATTEMPTS, "not-authorized each time", "wrong password"),
    _ejabberd(_D.ANY_AUTHZID, "success", "authzid other"),
    # On the stream.
    _prosody(_D.TEXT_IGNORED, "silence", "text at stream level"),
    _prosody(_D.NO_DEPTH_LIMIT, "delivered", "deep 1500"),
    _prosody(_D.SECOND_BIND_UNKNOWN, "service-unavailable", "second bind"),
    _prosody(_D.EARLY_REQUEST_UNKNOWN, "unsupported-stanza-type", "sm r before enable"),
    _prosody(_D.SECOND_ENABLE_FAILS, "failed, unexpected-request", "sm enable twice"),
    _ejabberd(
        _D.UNKNOWN_ELEMENT_IGNORED,
        "silence",
        "unknown toplevel",
        "unknown toplevel before auth",
        "uppercase Message",
    ),
    _ejabberd(
        _D.FOREIGN_STANZA_TAKEN,
        "delivered; bad-request without any namespace",
        "wrong ns jabber:server",
        "empty ns",
    ),
    _ejabberd(_D.TEXT_IGNORED, "silence", "text at stream level"),
    _ejabberd(_D.COMMENTS_DROPPED, "delivered without it", "comment", "PI"),
    _ejabberd(_D.NO_DEPTH_LIMIT, "delivered", "deep 1500"),
    _ejabberd(_D.SECOND_BIND_UNKNOWN, "service-unavailable", "second bind"),
    _ejabberd(_D.SECOND_ENABLE_FAILS, "failed, unexpected-request", "sm enable twice"),
    # Stanzas.
    _prosody(_D.ANY_SENDER, "delivered", "from spoof other", "from own other res"),
    _prosody(_D.EMPTY_ERROR_DROPPED, "silence", "iq error no child"),
    _prosody(_D.NOBODY_ANSWERS_PINGS, "result", "iq to nonexistent user"),
    _prosody(_D.REMOTE_NOT_ALLOWED, "not-allowed", "msg nonexist domain"),
    _prosody(_D.PRIORITY_OUT_OF_RANGE, "delivered", "priority 200"),
    _prosody(_D.PRESENCE_UNCHECKED, "delivered", "priority abc", "show foo"),
    _prosody(_D.ROSTERS_OF_OTHERS_UNKNOWN, "service-unavailable", "roster set for bob"),
    _ejabberd(_D.NOBODY_ANSWERS_PINGS, "result", "iq to nonexistent user"),
    _ejabberd(_D.BAD_ADDRESS_IS_BAD_REQUEST, "bad-request", "msg invalid jid", "msg invalid jid 2"),
    _ejabberd(_D.AVAILABLE_IS_A_TYPE, "delivered", "pres type available"),
    _ejabberd(_D.PRIORITY_OUT_OF_RANGE, "delivered", "priority 200"),
)
"""Every difference that was measured."""


def deviations_of(profile: Profile) -> frozenset[Deviation]:
    """Return how the answers of `profile` deviate from the RFCs."""
    return frozenset(each.deviation for each in MEASURED if each.server is profile)
