"""The namespaces, features and forms of rooms."""

from __future__ import annotations

from typing import Final

MUC: Final = "http://jabber.org/protocol/muc"
USER: Final = f"{MUC}#user"
ADMIN: Final = f"{MUC}#admin"
OWNER: Final = f"{MUC}#owner"
CONFIGURATION: Final = f"{MUC}#roomconfig"
INFORMATION: Final = f"{MUC}#roominfo"
REQUEST: Final = f"{MUC}#request"
STABLE_ID: Final = f"{MUC}#stable_id"
SELF_PING: Final = f"{MUC}#self-ping-optimization"
TRAFFIC: Final = f"{MUC}#traffic"
RESERVED_NICK: Final = "x-roomuser-item"

OCCUPANT_ID: Final = "urn:xmpp:occupant-id:0"
VCARD: Final = "vcard-temp"
