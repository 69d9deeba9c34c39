"""Bind 2: a resource in the same breath as the login (XEP-0386); a part of SASL2."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from .. import namespaces as ns
from ..events import Bound, Event
from ..jid import JID, JIDError
from ..problem import Problem
from .base import escape
from .sasl2_elements import identity_of
from .stream_management_elements import ENABLE

if TYPE_CHECKING:
    from lxml import etree

    from ..stream import Stream

SESSION_FEATURES: Final = {
    "carbons": (ns.CARBONS, f"<enable xmlns='{ns.CARBONS}'/>"),
    "csi": (ns.CSI, f"<inactive xmlns='{ns.CSI}'/>"),
}
"""What a client may have turned on with its resource: the feature's name, and how to ask."""

BIND: Final = f"{{{ns.BIND2}}}bind"
_TAG = f"{{{ns.BIND2}}}tag"
BOUND: Final = f"{{{ns.BIND2}}}bound"
_FEATURES = f"{{{ns.BIND2}}}inline/{{{ns.BIND2}}}feature"


class Bind2:
    """What Bind 2 adds to the exchange of SASL2, at both ends."""

    # The client's side.

    def request(self, stream: Stream, inline: etree._Element | None) -> str:
        """Return what to put into `<authenticate/>`; "" if the server does not offer Bind 2.

        `inline` is the offer, or None where it is not known yet and all is taken to be there. The
        resource that was asked for becomes the tag, which servers make a part of the resource;
        without it the server is free to choose.
        """
        offered: set[str | None] | None = None
        if inline is not None:
            feature = inline.find(BIND)
            if feature is None:
                return ""
            offered = {found.get("var") for found in feature.iterfind(_FEATURES)}
        wanted = stream.wanted_resource
        body = f"<tag>{escape(wanted)}</tag>" if wanted else ""
        wishes = stream.client.sasl2
        for name in wishes.session_features if wishes is not None else ():
            namespace, xml = SESSION_FEATURES[name]
            if offered is None or namespace in offered:
                body += xml
        if stream.client.management and (offered is None or ns.STREAM_MANAGEMENT in offered):
            body += ENABLE
        return f"<bind xmlns='{ns.BIND2}'>{body}</bind>" if body else f"<bind xmlns='{ns.BIND2}'/>"

    # The server's side.

    def offer(self) -> str:
        """Return what a server puts into `<inline/>`."""
        return f"<bind xmlns='{ns.BIND2}'/>"

    def grant(self, stream: Stream, request: etree._Element, client_id: str) -> tuple[str, str]:
        """Bind what `<authenticate/>` asks for; return the address and the `<bound/>` element.

        Both are "" if it asks for nothing; without a resource to give, the second says why.
        """
        bind = request.find(BIND)
        if bind is None:
            return "", ""
        tag = bind.findtext(_TAG, "").strip()
        assigned = stream.assign_resource(_resource(tag, client_id))
        if isinstance(assigned, JID):
            return str(assigned), f"<bound xmlns='{ns.BIND2}'/>"
        error = (
            f"<error type='{assigned.type}'><{assigned.condition} xmlns='{ns.STANZA_ERRORS}'/>"
            "</error>"
        )
        return "", f"<failed xmlns='{ns.BIND2}'>{error}</failed>"

    # Both.

    def succeeded(self, stream: Stream, success: etree._Element) -> Iterable[Event]:
        """Take the full JID from `<success/>` if a resource was bound."""
        if success.find(BOUND) is None:
            return
        try:
            jid = JID.parse(identity_of(success))
        except JIDError as error:
            stream.fail(_bad_identity(str(error)))
            return
        if not jid.is_full:
            stream.fail(_bad_identity(f"{jid} has no resource"))
            return
        stream.jid = jid
        yield Bound(jid)


def _resource(tag: str, client_id: str) -> str:
    """Return the resource for a tag, the same for each session of one client; "" without a tag.

    The client's id must not show in it (XEP-0386, on resource identifiers).
    """
    if not tag:
        return ""
    own = hashlib.sha256(client_id.encode()).hexdigest()[:8] if client_id else ""
    return f"{tag}/{own}" if own else tag


def _bad_identity(what: str) -> Problem:
    return Problem(
        f"the server bound a resource, but to no full JID: {what}",
        "its <authorization-identifier/> is missing or wrong",
        "look at the answer with /show",
        "XEP-0386",
    )
