"""What users want archived (XEP-0441)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.jid import JID, JIDError
from ..contacts.roster import escape_text
from ..refusals import Refused

if TYPE_CHECKING:
    from lxml import etree

PREFERENCES: Final = f"{{{ns.MAM}}}prefs"

MAX_JIDS: Final = 100
"""How many addresses each list holds at most."""

_DEFAULTS: Final = ("always", "never", "roster")


@dataclass(frozen=True, slots=True)
class Preferences:
    """Whose messages are archived: `default` is always, never, or roster for contacts only.

    The lists go before it; an address that is in both is not archived.
    """

    default: str = "always"
    always: tuple[JID, ...] = ()
    never: tuple[JID, ...] = ()

    def wants(self, peer: JID, *, in_roster: bool) -> bool:
        """Say whether messages to or from `peer` are wanted (XEP-0441 2.3)."""
        if _lists(self.never, peer):
            return False
        if _lists(self.always, peer):
            return True
        return self.default == "always" or (self.default == "roster" and in_roster)

    def xml(self) -> str:
        """Return the `<prefs/>` element."""
        lists = (("always", self.always), ("never", self.never))
        inside = "".join(
            f"<{name}>{_jids(jids)}</{name}>" if jids else f"<{name}/>" for name, jids in lists
        )
        return f"<prefs xmlns='{ns.MAM}' default='{self.default}'>{inside}</prefs>"


def read_preferences(element: etree._Element) -> Preferences:
    """Return what a `<prefs/>` says; raises `Refused` if that cannot be."""
    default = element.get("default")
    if default not in _DEFAULTS:
        text = f"the default is one of {', '.join(_DEFAULTS)}"
        raise Refused("bad-request", "modify", text)
    return Preferences(default, _read(element, "always"), _read(element, "never"))


def _read(element: etree._Element, name: str) -> tuple[JID, ...]:
    found = element.findall(f"{{{ns.MAM}}}{name}/{{{ns.MAM}}}jid")
    if len(found) > MAX_JIDS:
        raise Refused("policy-violation", "modify", f"a list has {MAX_JIDS} addresses at most")
    try:
        return tuple(dict.fromkeys(JID.parse((jid.text or "").strip()) for jid in found))
    except JIDError as error:
        raise Refused("jid-malformed", "modify", error.problem.what) from error


def _lists(jids: tuple[JID, ...], peer: JID) -> bool:
    return peer in jids or peer.bare in jids


def _jids(jids: tuple[JID, ...]) -> str:
    return "".join(f"<jid>{escape_text(str(jid))}</jid>" for jid in jids)
