"""Who may do what with a node (XEP-0060 4)."""

from __future__ import annotations

from ...protocol.jid import JID
from ..contacts.roster import Rosters
from .nodes import Node
from .vocabulary import Refused, forbidden


class Access:
    """Judges by affiliations, by the access model, and by the roster of the account."""

    def __init__(self, rosters: Rosters) -> None:
        self._rosters = rosters

    def denial(self, node: Node, asker: JID) -> Refused | None:
        """Return why `asker` may neither subscribe nor read (6.1.3, 6.5.9), or None if it may."""
        affiliation = node.affiliation(asker)
        if affiliation == "outcast":
            return forbidden("the owner of the node shut you out")
        if affiliation != "none":
            return None
        return {
            "open": self._nothing,
            "presence": self._presence,
            "roster": self._group,
            "whitelist": self._closed,
        }[node.config.text("access_model")](node, asker)

    def sees(self, node: Node, asker: JID) -> bool:
        """Say whether `asker` may see the presence of the account that has the node."""
        return self._rosters.sees(asker, node.account)

    def may_publish(self, node: Node, asker: JID) -> bool:
        """Say whether `asker` may publish (4.1)."""
        affiliation = node.affiliation(asker)
        if affiliation in ("owner", "publisher"):
            return True
        if affiliation == "outcast":
            return False
        model = node.config.text("publish_model")
        subscribed = node.is_subscribed(asker) and self.denial(node, asker) is None
        return model == "open" or (model == "subscribers" and subscribed)

    def _nothing(self, node: Node, asker: JID) -> None:
        return None

    def _presence(self, node: Node, asker: JID) -> Refused | None:
        if self.sees(node, asker):
            return None
        text = f"only those who may see the presence of {node.account} may see this"
        return Refused("auth", "not-authorized", text, "presence-subscription-required")

    def _group(self, node: Node, asker: JID) -> Refused | None:
        item = self._rosters.of(node.account).get(asker)
        if item is not None and set(item.groups) & set(node.config.groups):
            return None
        text = f"only contacts in some groups of the roster of {node.account} may see this"
        return Refused("auth", "not-authorized", text, "not-in-roster-group")

    def _closed(self, node: Node, asker: JID) -> Refused:
        return Refused(
            "cancel", "not-allowed", "only members of this node may see it", "closed-node"
        )
