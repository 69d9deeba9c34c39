"""In-band registration: what a host asks, what is sent back, and what its errors mean (XEP-0077).

A host is a server, on which one registers an account before signing in, or a service such as a
gateway. It may ask by a data form, by the plain fields of its own namespace, or point to a web
page, in this order of precedence (XEP-0077 6). Plain fields are made into a form as well, so
that whoever asks the user knows forms only.
"""

from __future__ import annotations

import base64
import binascii
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from . import data_forms
from . import namespaces as ns
from .data_forms import Field, FieldType, Form
from .errors import StanzaError, problem_for
from .features.base import escape
from .problem import Problem

if TYPE_CHECKING:
    from lxml import etree

QUERY: Final = f"{{{ns.REGISTER}}}query"
FEATURE: Final = f"{{{ns.REGISTER_FEATURE}}}register"
"""The Clark name of the stream feature that announces registration (XEP-0077 8)."""

ASK: Final = f"<query xmlns='{ns.REGISTER}'/>"
"""The payload that asks a host what it wants to know (XEP-0077 3.1)."""

CANCEL: Final = f"<query xmlns='{ns.REGISTER}'><remove/></query>"
"""The payload that ends a registration (XEP-0077 3.2)."""

PASSWORD: Final = "password"
"""The name of the field for the password, in forms and among the plain fields."""

_R: Final = f"{{{ns.REGISTER}}}"
_LABELS: Final = {
    "username": "user name",
    "nick": "nickname",
    "password": "password",
    "name": "full name",
    "first": "given name",
    "last": "family name",
    "email": "email address",
    "address": "street",
    "city": "city",
    "state": "state or region",
    "zip": "postal code",
    "phone": "telephone number",
    "url": "web page",
    "date": "date",
}
_TYPES: Final = {"password": FieldType.TEXT_PRIVATE, "key": FieldType.HIDDEN}
_NO_FIELDS: Final = frozenset({"instructions", "registered", "remove"})


class Purpose(enum.Enum):
    """What is being asked of a host; the value completes "the host would not"."""

    ASK = "say how to register"
    ACCOUNT = "create the account"
    SERVICE = "register you"
    PASSWORD = "change the password"
    CANCEL = "cancel the registration"


@dataclass(frozen=True, slots=True)
class Attachment:
    """Data that came with a form: its MIME type and the bytes (XEP-0231)."""

    type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Registration:
    """What a host answered when it was asked.

    `form` is what it wants to know, or None if it wants nothing here; `plain` says that the form
    was made from plain fields. `registered` is true if the asker is registered already; the form
    then has what the host knows. `url` is a web page to register on (XEP-0066), and `attachments`
    are data for the media of the form, by their `cid:` URIs.
    """

    registered: bool
    instructions: str
    form: Form | None
    plain: bool = False
    url: str = ""
    attachments: Mapping[str, Attachment] = field(default_factory=dict)

    def payload(self, filled: Form) -> str:
        """Return what to send to register with the answers in `filled`; `form` must be there."""
        assert self.form is not None, "there is nothing to answer"
        if not self.plain:
            return (
                f"<query xmlns='{ns.REGISTER}'>{data_forms.submission(self.form, filled)}</query>"
            )
        fields = "".join(f"<{each.var}>{escape(each.text)}</{each.var}>" for each in filled.fields)
        return f"<query xmlns='{ns.REGISTER}'>{fields}</query>"


def parse_answer(iq: etree._Element) -> Registration:
    """Return what the answer to `ASK`, an iq of type result, says."""
    query = iq.find(QUERY)
    if query is None:
        return Registration(False, "", None)
    form = data_forms.find_form(query)
    fields = tuple(_plain_fields(query))
    plain = form is None and bool(fields)
    return Registration(
        registered=query.find(f"{_R}registered") is not None,
        instructions=" ".join((query.findtext(f"{_R}instructions") or "").split()),
        form=Form("form", fields) if plain else form,
        plain=plain,
        url=(query.findtext(f"{{{ns.OOB}}}x/{{{ns.OOB}}}url") or "").strip(),
        attachments=dict(_attachments(iq)),
    )


def form_in_error(iq: etree._Element) -> Form | None:
    """Return the form that a host put into an error to be told more first (XEP-0077 3.2, 3.3)."""
    query = iq.find(QUERY)
    return None if query is None else data_forms.find_form(query)


def change_password(username: str, password: str) -> str:
    """Return the payload that changes the password of the account `username` (XEP-0077 3.3)."""
    return (
        f"<query xmlns='{ns.REGISTER}'><username>{escape(username)}</username>"
        f"<password>{escape(password)}</password></query>"
    )


def submit(form: Form, filled: Form) -> str:
    """Return the payload that sends the data form `form` back with the answers in `filled`."""
    return f"<query xmlns='{ns.REGISTER}'>{data_forms.submission(form, filled)}</query>"


def _plain_fields(query: etree._Element) -> list[Field]:
    """Return the fields of the namespace itself, all of which must be answered (XEP-0077 3.1)."""
    fields = []
    for child in query:
        namespace, _, name = str(child.tag).rpartition("}")
        if namespace != f"{{{ns.REGISTER}" or name in _NO_FIELDS:
            continue
        kind = _TYPES.get(name, FieldType.TEXT_SINGLE)
        values = (child.text,) if child.text and child.text.strip() else ()
        required = kind is not FieldType.HIDDEN
        fields.append(Field(name, kind, _LABELS.get(name, name), "", required, values))
    return fields


def _attachments(iq: etree._Element) -> list[tuple[str, Attachment]]:
    found = []
    for element in iq.iter(f"{{{ns.BOB}}}data"):
        try:
            data = base64.b64decode(element.text or "", validate=False)
        except (binascii.Error, ValueError):
            continue  # Without the picture its field still says what to do.
        found.append((f"cid:{element.get('cid', '')}", Attachment(element.get("type", ""), data)))
    return found


# Errors.

_OFF: Final = (
    "registration in-band is switched off there, as on most public servers",
    "look for a web page of the server, or ask whoever runs it for an account or an invitation",
)
_TOO_MANY: Final = (
    "too many registrations from this address in a short time, or by this connection",
    "wait some minutes, then try again",
)
_ADVICE: Final[dict[tuple[Purpose, str], tuple[str, str, str]]] = {
    (Purpose.ASK, "service-unavailable"): (*_OFF, "XEP-0077 3.1"),
    (Purpose.ASK, "feature-not-implemented"): (*_OFF, "XEP-0077 3.1"),
    (Purpose.ASK, "not-allowed"): (*_OFF, "XEP-0077 3.1"),
    (Purpose.ASK, "forbidden"): (
        "registration is not open to everybody, or not to this network address",
        "ask whoever runs the server",
        "",
    ),
    (Purpose.ASK, "resource-constraint"): (*_TOO_MANY, ""),
    (Purpose.ASK, "policy-violation"): (
        "it wants an encrypted connection first, or there were too many requests",
        "connect with TLS; wait some minutes, then try again",
        "",
    ),
    (Purpose.ACCOUNT, "conflict"): (
        "somebody has an account of that name",
        "choose another name",
        "XEP-0077 3.1",
    ),
    (Purpose.ACCOUNT, "not-acceptable"): (
        "a required answer is missing, the name cannot be one, the password is too weak, or there"
        " were too many registrations",
        "look at the answers; choose a longer password, or wait some minutes",
        "XEP-0077 3.1",
    ),
    (Purpose.ACCOUNT, "bad-request"): (
        "the form was not filled in as the server wants it",
        "look at what was sent, with /show",
        "",
    ),
    (Purpose.ACCOUNT, "jid-malformed"): (
        "the name has characters that an account's name cannot have",
        "letters, digits, dots and dashes are safe",
        "RFC 7622 3.3",
    ),
    (Purpose.ACCOUNT, "not-allowed"): (
        "registration is off, the name is reserved, or the CAPTCHA was not solved",
        "try again with another name, and look at the picture again if there was one",
        "",
    ),
    (Purpose.ACCOUNT, "forbidden"): (
        "the server's rules do not allow this name, or this network address",
        "choose another name, or ask whoever runs the server",
        "",
    ),
    (Purpose.ACCOUNT, "service-unavailable"): (*_OFF, "XEP-0077 3.1"),
    (Purpose.ACCOUNT, "resource-constraint"): (*_TOO_MANY, ""),
    (Purpose.ACCOUNT, "policy-violation"): (*_TOO_MANY, ""),
    (Purpose.ACCOUNT, "feature-not-implemented"): (
        "the server's store of accounts cannot take new ones, as with LDAP",
        "ask whoever runs the server",
        "",
    ),
    (Purpose.ACCOUNT, "internal-server-error"): (
        "the server could not write the account",
        "try again later; the server's log says more",
        "",
    ),
    (Purpose.SERVICE, "conflict"): (
        "somebody is registered there with that name",
        "choose another name",
        "XEP-0077 3.1",
    ),
    (Purpose.SERVICE, "not-acceptable"): (
        "a required answer is missing or wrong",
        "look at the answers again",
        "XEP-0077 3.1",
    ),
    (Purpose.SERVICE, "not-authorized"): (
        "the service could not sign in with the name and password that it was given",
        "check them on the network that the service leads to",
        "",
    ),
    (Purpose.PASSWORD, "bad-request"): (
        "the request was not complete, or the password cannot be one",
        "choose another password",
        "XEP-0077 3.3",
    ),
    (Purpose.PASSWORD, "not-authorized"): (
        "the server does not take this connection for safe enough, or wants to know more",
        "connect with TLS",
        "XEP-0077 3.3",
    ),
    (Purpose.PASSWORD, "not-allowed"): (
        "the server does not let passwords be changed in-band, or not to this one",
        "choose another password, or look for the server's web page",
        "XEP-0077 3.3",
    ),
    (Purpose.PASSWORD, "not-acceptable"): (
        "the password is too weak or has characters that cannot be used",
        "choose a longer one",
        "",
    ),
    (Purpose.PASSWORD, "unexpected-request"): (
        "the server does not know this connection's account",
        "sign in first",
        "XEP-0077 3.3",
    ),
    (Purpose.PASSWORD, "service-unavailable"): (
        "changing passwords in-band is switched off there",
        "look for a web page of the server, or ask whoever runs it",
        "XEP-0077 3.3",
    ),
    (Purpose.CANCEL, "bad-request"): (
        "there was more than <remove/> in the request",
        "send <remove/> alone",
        "XEP-0077 3.2",
    ),
    (Purpose.CANCEL, "forbidden"): (
        "you do not have the permission to cancel it",
        "ask whoever runs the server",
        "XEP-0077 3.2",
    ),
    (Purpose.CANCEL, "not-allowed"): (
        "nobody may cancel registrations there in-band",
        "ask whoever runs the server",
        "XEP-0077 3.2",
    ),
    (Purpose.CANCEL, "registration-required"): (
        "you were not registered there",
        "nothing needs to be done",
        "XEP-0077 3.2",
    ),
    (Purpose.CANCEL, "unexpected-request"): (
        "the server does not know this connection's account",
        "sign in first",
        "XEP-0077 3.2",
    ),
    (Purpose.CANCEL, "service-unavailable"): (
        "cancelling in-band is switched off there",
        "ask whoever runs the server to delete the account",
        "XEP-0077 3.2",
    ),
}


def problem_of(purpose: Purpose, host: str, error: StanzaError) -> Problem:
    """Return what to tell a person about the `error` with which `host` answered."""
    said = f" (it says: “{error.text}”)" if error.text else ""
    what = f"{host} would not {purpose.value}: {error.condition or 'no reason given'}{said}"
    advice = _ADVICE.get((purpose, error.condition))
    if advice is None:
        known = problem_for("stanza", error.condition, error.text)
        advice = known.cause, known.cure, known.reference
    cause, cure, reference = advice
    if error.type == "wait" and "wait" not in cure and "later" not in cure:
        cure = f"wait some minutes, then try again; {cure}"
    return Problem(what, cause, cure, reference)


def not_offered(host: str) -> Problem:
    """Return the failure of a server that ends the stream when it is asked."""
    return Problem(
        f"{host} does not take registrations: it ended the stream when it was asked",
        *_OFF,
        "XEP-0077 3.1",
    )


def elsewhere(host: str, registration: Registration) -> Problem:
    """Return the failure of a `host` that asks nothing in-band, but may name a web page."""
    where = registration.url or registration.instructions
    return Problem(
        f"{host} does not take registrations in-band" + (f": {where}" if where else ""),
        "it sends new users to a web page" if registration.url else "it asked for nothing",
        f"open {registration.url} in a browser"
        if registration.url
        else "look for a web page of the server, or ask whoever runs it",
        "XEP-0077 5",
    )
