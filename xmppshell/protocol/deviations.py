"""Ways in which servers in use answer otherwise than the RFCs say.

A server's stream, and what stands behind it, asks for each whether it is wanted; without any the
answers are those of the RFCs. Each was measured on a server in use.
"""

from __future__ import annotations

import enum


class Deviation(enum.Enum):
    """One deviation; the value says it in words."""

    ANY_DEFAULT_NAMESPACE = "the default namespace of a stream may be any"
    DEFAULT_NAMESPACE_REQUIRED = "a stream must declare jabber:client as its default namespace"
    NO_VERSION_NEEDED = "a stream without a version is treated as one of version 1.0"
    NO_VERSION_NO_FEATURES = "a stream without a version gets a header and no features"
    NEWER_VERSION_REFUSED = "a stream of a newer version is refused"
    SENDER_UNCHECKED = "the sender in the stream header is not looked at"
    BAD_SENDER_IS_INVALID_XML = "a malformed sender in the stream header is invalid-xml"
    ALL_XML_FAULTS_ALIKE = "restricted XML and wrong encodings are not-well-formed"
    COMMENTS_DROPPED = "comments and processing instructions are left out silently"
    ENCODING_IGNORED = "the encoding in an XML declaration is not looked at"
    NO_DEPTH_LIMIT = "stanzas may be nested thousands of levels deep"
    EARLY_STANZA_ANSWERED = "a stanza before signing in and binding gets a stanza error"
    EARLY_STANZA_DROPPED = "a stanza before binding is dropped"
    UNKNOWN_ELEMENT_IGNORED = "an unknown element on the stream is ignored"
    FOREIGN_STANZA_TAKEN = "a stanza in the namespace of servers is taken for one of clients"
    TEXT_IGNORED = "text between stanzas is ignored"
    PLAIN_WITHOUT_TLS = "signing in is possible before TLS, even where TLS is required"
    BAD_BASE64_IS_NOT_AUTHORIZED = "a SASL response that is not base64 is not-authorized"
    ENDLESS_ATTEMPTS = "one may try to sign in as often as one likes"
    ANY_AUTHZID = "the identity to act as is not looked at"
    BAD_RESOURCE_REPLACED = "instead of an impossible resource another one is bound"
    SECOND_BIND_UNKNOWN = "a second bind request is taken for something unknown"
    EARLY_REQUEST_UNKNOWN = "a request for an acknowledgement before enabling is an unknown element"
    SECOND_ENABLE_FAILS = "enabling stream management twice fails and does not end the stream"
    ANY_SENDER = "a wrong sender on a stanza is put right silently"
    EMPTY_ERROR_DROPPED = "an error without a reason is dropped"
    NOBODY_ANSWERS_PINGS = "a ping to a user that does not exist is answered"
    REMOTE_NOT_ALLOWED = "what is for another server is not allowed"
    BAD_ADDRESS_IS_BAD_REQUEST = "a malformed address is a bad request"
    AVAILABLE_IS_A_TYPE = "presence of type 'available' is available presence"
    PRIORITY_OUT_OF_RANGE = "a priority outside its range is passed on"
    PRESENCE_UNCHECKED = "a priority that is no number, and an unknown show, are passed on"
    ROSTERS_OF_OTHERS_UNKNOWN = "a request to another user's roster is something unknown"
