"""The names of publish-subscribe, and why a request is refused (XEP-0060)."""

from __future__ import annotations

from typing import Final

from ...protocol.xml.tokens import quoted

PUBSUB: Final = "http://jabber.org/protocol/pubsub"
OWNER: Final = f"{PUBSUB}#owner"
EVENT: Final = f"{PUBSUB}#event"
ERRORS: Final = f"{PUBSUB}#errors"
NODE_CONFIG: Final = f"{PUBSUB}#node_config"
PUBLISH_OPTIONS: Final = f"{PUBSUB}#publish-options"
META_DATA: Final = f"{PUBSUB}#meta-data"
ADDRESS: Final = "http://jabber.org/protocol/address"
DELAY: Final = "urn:xmpp:delay"
NOTIFY: Final = "+notify"
"""What a feature ends with that says: tell me what is published to the node of this name."""

FEATURES: Final = (
    PUBSUB,
    *(
        f"{PUBSUB}#{name}"
        for name in (
            "access-open",
            "access-presence",
            "access-roster",
            "access-whitelist",
            "auto-create",
            "auto-subscribe",
            "config-node",
            "config-node-max",
            "create-and-configure",
            "create-nodes",
            "delete-items",
            "delete-nodes",
            "filtered-notifications",
            "instant-nodes",
            "item-ids",
            "last-published",
            "manage-subscriptions",
            "member-affiliation",
            "meta-data",
            "modify-affiliations",
            "multi-items",
            "outcast-affiliation",
            "persistent-items",
            "publish",
            "publish-options",
            "publisher-affiliation",
            "purge-nodes",
            "retract-items",
            "retrieve-affiliations",
            "retrieve-default",
            "retrieve-items",
            "retrieve-subscriptions",
            "subscribe",
        )
    ),
)
"""What the service can do, in the words of XEP-0060 10."""


class Refused(Exception):
    """A request that is answered with an error: type, condition and text as in RFC 6120 8.3.

    `detail` is the name of the condition of publish-subscribe that says more, "" for none, and
    `feature` what it names if that is `unsupported`.
    """

    def __init__(
        self, error_type: str, condition: str, text: str, detail: str = "", feature: str = ""
    ) -> None:
        super().__init__(text)
        self.type = error_type
        self.condition = condition
        self.text = text
        self.detail = detail
        self.feature = feature

    @property
    def detail_xml(self) -> str:
        """The detail as XML."""
        if not self.detail:
            return ""
        feature = f" feature={quoted(self.feature)}" if self.feature else ""
        return f"<{self.detail} xmlns='{ERRORS}'{feature}/>"


def node_missing() -> Refused:
    """Return the refusal of what needs a node that is not there."""
    return Refused("cancel", "item-not-found", "there is no such node")


def unsupported(feature: str) -> Refused:
    """Return the refusal of what this service does not do, by the name of the feature."""
    text = f"this service does not do {feature}"
    return Refused("cancel", "feature-not-implemented", text, "unsupported", feature)


def forbidden(text: str) -> Refused:
    """Return the refusal of what only others may do."""
    return Refused("auth", "forbidden", text)
