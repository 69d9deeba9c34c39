"""The elements of SASL2 taken apart (XEP-0388)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .. import namespaces as ns
from ..channel import announced_types
from ..mechanisms import Advertised
from .base import text_of

if TYPE_CHECKING:
    from lxml import etree

_SASL2: Final = f"{{{ns.SASL2}}}"
_IDENTITIES: Final = (f"{_SASL2}authorization-identifier", f"{_SASL2}authorization-identity")
"""The text of XEP-0388 has both; its examples and the servers have the first."""


def offer_of(features: etree._Element) -> etree._Element | None:
    """Return the offer of SASL2 in `<stream:features/>`, or None."""
    return features.find(f"{_SASL2}authentication")


def inline_of(features: etree._Element) -> etree._Element | None:
    """Return what may be asked for inline; None if SASL2 is not offered, or nothing with it."""
    return features.find(f"{_SASL2}authentication/{_SASL2}inline")


def advertised_by(features: etree._Element) -> Advertised:
    """Return the mechanisms that `<stream:features/>` offers for SASL2."""
    offer = offer_of(features)
    names = [] if offer is None else offer.iterfind(f"{_SASL2}mechanism")
    return Advertised(tuple(text_of(name) for name in names), announced_types(features))


def payload_of(element: etree._Element) -> str | None:
    """Return the base64 that an element of the exchange carries; None if it carries none."""
    name = str(element.tag).removeprefix(_SASL2)
    if name in ("challenge", "response"):
        return text_of(element)
    holder = {"authenticate": "initial-response", "next": "initial-response"}.get(
        name, "additional-data"
    )
    found = element.find(f"{_SASL2}{holder}")
    return None if found is None else text_of(found)


def client_id_of(authenticate: etree._Element) -> str:
    """Return the id that a client gives itself, or ""."""
    agent = authenticate.find(f"{_SASL2}user-agent")
    return "" if agent is None else agent.get("id", "")


def identity_of(success: etree._Element) -> str:
    """Return the address that `<success/>` says the client has, or ""."""
    found = (success.find(name) for name in _IDENTITIES)
    return next((text_of(element) for element in found if element is not None), "")


def tasks_of(going_on: etree._Element) -> tuple[str, ...]:
    """Return the names of the tasks in `<continue/>`."""
    return tuple(text_of(task) for task in going_on.iterfind(f"{_SASL2}tasks/{_SASL2}task"))


def failure_of(failure: etree._Element) -> tuple[str, str]:
    """Return the SASL condition of `<failure/>` and its text; servers differ in namespaces."""
    condition, text = "", ""
    for child in failure:
        namespace, _, name = str(child.tag).rpartition("}")
        if name == "text":
            text = text_of(child)
        elif not condition or namespace == f"{{{ns.SASL}":
            condition = name
    return condition or "undefined-condition", text
