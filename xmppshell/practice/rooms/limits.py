"""How much rooms may hold: everything is in memory, and anybody may come in."""

from __future__ import annotations

from typing import Final

MAX_ROOMS: Final = 200
"""Rooms of one service."""

MAX_OCCUPANTS: Final = 200
"""Occupants of one room, admins and owners included."""

MAX_SESSIONS: Final = 10
"""Clients of one user under one nickname."""

MAX_STANDINGS: Final = 500
"""Users whose affiliation one room keeps."""

MAX_HISTORY: Final = 50
"""Messages that one room keeps for those who enter later."""

MAX_HISTORY_BYTES: Final = 100_000
"""Bytes of all the messages that one room keeps."""

MAX_PRESENCE_BYTES: Final = 10_000
"""Bytes of the presence of one occupant, which the room keeps and shows to all."""

MAX_SUBJECT: Final = 2_000
"""Characters of a subject."""

MAX_SUBJECT_BYTES: Final = 20_000
"""Bytes of the message that sets a subject, which the room keeps as it is."""

MAX_TEXT: Final = 1_000
"""Characters of a reason, and of a name, description or password in the configuration."""

MAX_ITEMS: Final = 100
"""Items in one request that changes roles or affiliations."""

MAX_INVITATIONS: Final = 100
"""Invitations that one room remembers, to know who may decline."""

MAX_REQUESTS: Final = 500
"""Iqs between occupants that one service waits for the answers to."""
