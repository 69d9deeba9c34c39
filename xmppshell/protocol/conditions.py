"""Every stanza, stream, SASL and SCRAM error condition: what it means, why it comes, what to do.

Only data, in the order of the RFCs, which number the conditions alphabetically; `errors` reads
errors and looks conditions up.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """One error condition of the `family` "stanza", "stream", "sasl" or "scram".

    `meaning` says in one line what it states, `cause` the usual reason when exploring by hand,
    `cure` what to try, and `reference` where it is defined.
    """

    name: str
    family: str
    meaning: str
    cause: str
    cure: str
    reference: str


_Rows = dict[str, tuple[str, str, str]]


def _numbered(family: str, section: str, rows: _Rows) -> dict[str, Condition]:
    return {
        name: Condition(name, family, *texts, f"{section}.{number}")
        for number, (name, texts) in enumerate(rows.items(), start=1)
    }


STANZA_CONDITIONS = _numbered(
    "stanza",
    "RFC 6120 8.3.3",
    {
        "bad-request": (
            "the receiver cannot make sense of the stanza",
            "a payload with wrong or missing elements or attributes, a get or set that does not"
            " have exactly one child, or an iq without an id",
            "compare the payload with the example in its specification, the xmlns first of all",
        ),
        "conflict": (
            "something of that name exists already",
            "a nickname, resource, room or account name that is in use",
            "choose another name",
        ),
        "feature-not-implemented": (
            "the receiver knows the namespace but does not do what was asked",
            "a part of a specification that this software leaves out, or a misspelt element"
            " inside the right namespace",
            "check the element names; ask with disco#info what the receiver offers",
        ),
        "forbidden": (
            "you do not have the permission for that",
            "the action is kept for owners, admins, moderators or the account itself",
            "check your role and affiliation there, or use an account that may",
        ),
        "gone": (
            "the address is not in use any more",
            "the account or room was moved or deleted",
            "use the new address if the error carries one; asking the old one again is no use",
        ),
        "internal-server-error": (
            "the server failed while it handled the stanza",
            "a fault or wrong configuration on the server, sometimes set off by an unusual stanza",
            "send it once more; if it fails again, find the smallest stanza that does and read"
            " the server's log",
        ),
        "item-not-found": (
            "the thing that was addressed does not exist",
            "a misspelt node, item, room or JID, or a session that has ended",
            "list what there is with disco#items; nodes and ids are compared letter by letter",
        ),
        "jid-malformed": (
            "an address in the stanza is not a JID",
            "a space or one of \" & ' / : < > @ in the local part, an empty part, one over 1023"
            " bytes, or a room joined without a nickname",
            "check `to` and every jid inside the payload; a nickname goes after the / of the"
            " room's address",
        ),
        "not-acceptable": (
            "the receiver understood but does not accept it by its own rules",
            "a form or list with values it does not take, or a message to a room that you have"
            " not joined",
            "read the text of the error; in a room, join first",
        ),
        "not-allowed": (
            "nobody may do that here",
            "the action is switched off for everyone, or makes no sense for that address",
            "other credentials do not help: read the text, or ask whoever runs the service",
        ),
        "not-authorized": (
            "credentials are missing or wrong for that",
            "a room's password, or a subscription that a node asks for; it does not mean that"
            " the sign-in of the stream failed",
            "add what is asked for, such as <password/> inside the muc <x/>",
        ),
        "policy-violation": (
            "it breaks a local rule of the server",
            "a stanza that is too large, too many of them, or content that is not wanted",
            "read the text of the error; send less, or more slowly",
        ),
        "recipient-unavailable": (
            "the receiver is not available for now",
            "the user is offline or the service is in maintenance",
            "wait for its presence or try later; to a bare JID the server chooses the resource",
        ),
        "redirect": (
            "requests go to another address for now",
            "the receiver forwards its traffic; the error carries the address",
            "send to the new address if you trust it: the redirecting side chose it",
        ),
        "registration-required": (
            "you have to register first",
            "a members-only room, or a gateway that wants an account of its own",
            "ask that address for its form with jabber:iq:register, or its owner for membership",
        ),
        "remote-server-not-found": (
            "the server of that domain cannot be found",
            "a misspelt domain, missing DNS records, or a server that talks to no others",
            "check the domain in `to` and its DNS records; many test servers know only their own"
            " domains",
        ),
        "remote-server-timeout": (
            "the server of that domain was found but did not answer in time",
            "it is down, behind a firewall, or the two servers do not accept each other's"
            " certificates",
            "try later; whoever runs this server finds the reason in its log",
        ),
        "resource-constraint": (
            "the receiver has run out of some resource",
            "a quota is used up, such as stored messages, items or open rooms",
            "wait and try again, or delete what is stored there",
        ),
        "service-unavailable": (
            "nobody at that address offers this, or they will not tell you that they do",
            "a namespace that nobody handles, a user or resource that is not online or does not"
            " exist, or a block: the answer is the same on purpose",
            "check the xmlns of the payload and `to` (a server answers for a bare JID, a client"
            " for a full one), then ask disco#info",
        ),
        "subscription-required": (
            "you need a presence subscription for that",
            "the other side shows this only to those it lets see its presence",
            "send <presence type='subscribe'/> to the bare JID and wait for the approval",
        ),
        "undefined-condition": (
            "none of the standard conditions fits",
            "a condition of its own kind; an element of another namespace beside it may name it",
            "read the text and that element",
        ),
        "unexpected-request": (
            "it came at the wrong moment",
            "a request out of order: the step that must come before it was left out or is over",
            "look up the order of the steps in the specification and begin again",
        ),
    },
)

STREAM_CONDITIONS = _numbered(
    "stream",
    "RFC 6120 4.9.3",
    {
        "bad-format": (
            "what was sent cannot be processed as XML of a stream",
            "anything from a wrong namespace to an element that does not belong there; used"
            " instead of a more exact condition",
            "look at the last thing that was sent with /show and compare it with its specification",
        ),
        "bad-namespace-prefix": (
            "a namespace prefix is not supported, or is missing where one is needed",
            "a stream header without xmlns:stream, or with another prefix than `stream`",
            "declare xmlns:stream='http://etherx.jabber.org/streams' and write <stream:stream",
        ),
        "conflict": (
            "another session took the place of this one",
            "a second client bound the same resource of the same account",
            "give another --resource or let the server choose; never reconnect by itself after"
            " this, or two clients throw each other out for ever",
        ),
        "connection-timeout": (
            "the server has not heard from this side for too long",
            "an idle stream without keepalives, or a ping or <r/> that was not answered",
            "connect again; see /auto for the replies that keep a stream alive",
        ),
        "host-gone": (
            "the server does not serve the host in `to` any more",
            "the domain was moved to another server",
            "look the domain up again without --host; it may have new SRV records",
        ),
        "host-unknown": (
            "the host in `to` of the stream header is not one that this server serves",
            "a wrong domain in the JID, or the right domain at the wrong machine",
            "check the domain of the JID; if the machine has another name than the domain, keep"
            " the domain in the JID and give the machine with --host",
        ),
        "improper-addressing": (
            "`to` or `from` is missing, empty, or not a JID",
            "a stream header typed without `to`, or a stanza between servers that lacks either",
            "write the served domain into `to`",
        ),
        "internal-server-error": (
            "the server cannot go on because of a fault of its own",
            "a fault or wrong configuration on the server",
            "connect again; if it comes back, read the server's log",
        ),
        "invalid-from": (
            "`from` is not the address that this stream was authenticated for",
            "a `from` typed by hand on a stanza or a stream header",
            "leave `from` out: the server adds it",
        ),
        "invalid-namespace": (
            "the namespace of the stream or of its content is wrong",
            "a typing error in http://etherx.jabber.org/streams, or a default namespace that does"
            " not fit the port: jabber:client for clients, jabber:component:accept for components",
            "compare the stream header with an example, letter by letter",
        ),
        "invalid-xml": (
            "the XML is well-formed but not valid",
            "the server checks against a schema, and an element or attribute does not fit it",
            "look at the last thing that was sent and compare it with its schema",
        ),
        "not-authorized": (
            "something was sent that is not allowed yet",
            "a stanza before authentication or before resource binding, or a component's wrong"
            " secret",
            "sign in and bind first, /features shows what comes next; a component: check the"
            " secret and the host",
        ),
        "not-well-formed": (
            "the bytes that were sent are not well-formed XML",
            "a bare & or <, a tag that is not closed, a prefix that is not declared, or a second"
            " XML declaration inside the stream",
            "look at the last thing that was sent with /show; write &amp; and &lt; in text",
        ),
        "policy-violation": (
            "it breaks a local rule of the server",
            "a stanza over the size limit, too many in a short time, or no TLS where it is"
            " required",
            "read the text of the error; send less, more slowly, or over TLS",
        ),
        "remote-connection-failed": (
            "the server cannot reach another one that it needs for this stream",
            "a store of accounts or another server behind it is down",
            "try later; whoever runs the server finds the reason in its log",
        ),
        "reset": (
            "the stream has to be negotiated again",
            "a certificate expired or the security settings changed while the stream was open",
            "connect again",
        ),
        "resource-constraint": (
            "the server lacks the resources to serve this stream",
            "too many connections in all, or too many sessions of this account",
            "close other sessions, wait, connect again",
        ),
        "restricted-xml": (
            "it uses a part of XML that XMPP forbids",
            "a comment, a processing instruction, a DOCTYPE, or an entity other than the five"
            " that XML itself has",
            "leave it out; any character can be written as &#...; with its number",
        ),
        "see-other-host": (
            "the server sends this client to another host",
            "load is shared out or the service moves; the error carries the host and the port",
            "connect there with --host and --port, and insist on a certificate for the domain of"
            " the JID: before TLS, anyone on the way can send this",
        ),
        "system-shutdown": (
            "the server is shutting down",
            "a restart or the end of the service",
            "wait a little, then connect again",
        ),
        "undefined-condition": (
            "none of the standard conditions fits",
            "a condition of its own kind; an element of another namespace beside it may name it",
            "read the text and that element",
        ),
        "unsupported-encoding": (
            "the stream is not in UTF-8",
            "an XML declaration that names another encoding, or bytes that are not UTF-8",
            "send UTF-8 and declare nothing else: XMPP has no other encoding",
        ),
        "unsupported-feature": (
            "a stream feature is mandatory and this side cannot negotiate it",
            "the server requires something that the client does not know",
            "see /features for what is required",
        ),
        "unsupported-stanza-type": (
            "an element directly under the stream root is not known",
            "a misspelt or wrongly capitalised iq, message or presence, or a forgotten xmlns",
            "write the names in lower case and give everything else its namespace",
        ),
        "unsupported-version": (
            "`version` of the stream header is not supported",
            "another value than 1.0",
            "write version='1.0'",
        ),
    },
)

SASL_CONDITIONS = _numbered(
    "sasl",
    "RFC 6120 6.5",
    {
        "aborted": (
            "the authentication was given up, as this side asked",
            "<abort/> was sent",
            "begin again with <auth/>",
        ),
        "account-disabled": (
            "the account is disabled",
            "whoever runs the server has locked it, often after too many failures",
            "ask them",
        ),
        "credentials-expired": (
            "the password is not valid any more",
            "the server makes passwords expire",
            "get a new password in the way that this service offers",
        ),
        "encryption-required": (
            "this mechanism needs TLS first",
            "authentication was begun on a stream without TLS",
            "connect without --tls none; by hand, send <starttls/> first",
        ),
        "incorrect-encoding": (
            "the data is not correct base64",
            "a line break, white space or a missing = at the end, or text that was not encoded",
            "encode the bytes as one base64 line",
        ),
        "invalid-authzid": (
            "the authorization identity is wrong or not permitted",
            "an identity to act as that is not the own bare JID",
            "leave it empty: the server derives it from the user name",
        ),
        "invalid-mechanism": (
            "the server does not offer that mechanism, at least not now",
            "a name that is not in its list of mechanisms; the list may change after TLS",
            "choose one of those that /features shows, with --mechanism or by hand",
        ),
        "malformed-request": (
            "the message of the mechanism has a wrong form",
            "fields that are missing or in the wrong order, such as PLAIN without its two NUL"
            " bytes, or an empty initial response that is not written as =",
            "decode the base64 and compare it with the specification of the mechanism",
        ),
        "mechanism-too-weak": (
            "the server finds the mechanism too weak for this account",
            "its policy asks for a stronger one, or for channel binding",
            "choose another one that /features shows",
        ),
        "not-authorized": (
            "the user name or the password is wrong",
            "a mistyped password, or an account that does not exist: servers do not say which",
            "check the local part of the JID and where the password comes from; the server's log"
            " knows more",
        ),
        "temporary-auth-failure": (
            "the server cannot check the credentials at the moment",
            "its store of accounts is down, or it slows down after too many attempts",
            "wait and try again",
        ),
    },
)

SCRAM_ERRORS = {
    name: Condition(name, "scram", meaning, cause, cure, "RFC 5802 7")
    for name, (meaning, cause, cure) in {
        "invalid-encoding": (
            "a value is not encoded as SCRAM wants it",
            "broken base64 or an attribute in the wrong place",
            "decode the last message and check each attribute",
        ),
        "extensions-not-supported": (
            "a mandatory extension is not supported",
            "an m= attribute in the message",
            "leave m= out",
        ),
        "invalid-proof": (
            "the proof of the password is wrong",
            "a wrong password, or a proof computed over other messages than those exchanged",
            "check the password; by hand, check that the three messages joined are exactly those"
            " sent and received",
        ),
        "channel-bindings-dont-match": (
            "the two sides see different TLS connections",
            "something between them ends TLS, a proxy or an attacker, or the wrong kind of data"
            " was bound",
            "do not trust this connection; compare the certificate with the real one",
        ),
        "server-does-support-channel-binding": (
            "the client said that the server has no channel binding, and it has",
            "the list of mechanisms was changed on the way, or a y was sent in place of an n",
            "compare the mechanisms in /features with those that the server is known to have",
        ),
        "channel-binding-not-supported": (
            "the server has no channel binding for this mechanism",
            "a p= was sent with a mechanism that does not end in -PLUS",
            "use n, or a mechanism that ends in -PLUS",
        ),
        "unsupported-channel-binding-type": (
            "the server does not know this type of channel binding",
            "a p= with a type that it does not offer",
            "use one of the types that the server announces",
        ),
        "unknown-user": (
            "there is no such user",
            "a mistyped user name; most servers answer invalid-proof instead",
            "check the local part of the JID",
        ),
        "invalid-username-encoding": (
            "the user name is not encoded as SCRAM wants it",
            "a comma or = that is not written as =2C or =3D, or text that is not UTF-8",
            "escape the user name",
        ),
        "no-resources": (
            "the server lacks the resources to go on",
            "it is overloaded",
            "wait and try again",
        ),
        "other-error": (
            "something else failed",
            "the server does not tell why",
            "read the server's log",
        ),
    }.items()
}

LEGACY_CONDITIONS = {
    (condition.family, condition.name): condition
    for condition in (
        Condition(
            "payment-required",
            "stanza",
            "the receiver wants to be paid first",
            "a service that charges, or a server of before 2011 that has no better condition",
            "read the text of the error",
            "RFC 3920 9.3.3",
        ),
        Condition(
            "invalid-id",
            "stream",
            "a stream or dialback id fits no earlier one",
            "an id that was made up or belongs to a stream that has ended",
            "use the id that the server sent",
            "RFC 3920 4.7.3",
        ),
        Condition(
            "xml-not-well-formed",
            "stream",
            STREAM_CONDITIONS["not-well-formed"].meaning,
            STREAM_CONDITIONS["not-well-formed"].cause,
            STREAM_CONDITIONS["not-well-formed"].cure,
            "RFC 3920 4.7.3",
        ),
    )
}
