"""One room: who is in it, what everybody is to it, and what it keeps. It says nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ...protocol.jid import JID
from ..messages.archive import Archive
from .configuration import Configuration
from .history import History
from .ranks import Affiliation, Role, first_role


@dataclass(eq=False, slots=True)
class Occupant:
    """One nickname in a room, and who has it (XEP-0045 7.2.8).

    `account` is the bare JID behind it. `sessions` has the clients in the room under this
    nickname, by full JID, each with its presence as the room shows it, without addresses and id;
    the newest comes last. `id` is that of XEP-0421.
    """

    nick: str
    account: JID
    role: Role
    id: str
    sessions: dict[JID, bytes] = field(default_factory=dict)

    @property
    def jid(self) -> JID:
        """The full JID that the room shows for it: that of the newest presence."""
        return next(reversed(self.sessions))

    @property
    def presence(self) -> bytes:
        """Its newest presence."""
        return self.sessions[self.jid]

    def show(self, jid: JID, presence: bytes) -> None:
        """Remember the presence of one client as the newest."""
        self.sessions.pop(jid, None)
        self.sessions[jid] = presence


class Standing(NamedTuple):
    """What a user is to the room, and the reason that was given for it, or ""."""

    affiliation: Affiliation
    reason: str = ""


class Subject(NamedTuple):
    """The message that set the subject, as those who enter get it without `to`, and its text."""

    data: bytes
    text: str


class Room:
    """A room; `owner` is the bare JID of whoever creates it, and `archive` keeps what is said.

    A room is `locked` until its owner has configured it (XEP-0045 10.1). `invited` has who was
    invited by whom, both bare JIDs.
    """

    def __init__(self, jid: JID, owner: JID, archive: Archive) -> None:
        self.jid = jid
        self.configuration = Configuration()
        self.standings: dict[JID, Standing] = {owner: Standing(Affiliation.OWNER)}
        self.occupants: dict[str, Occupant] = {}
        self.history = History()
        self.archive = archive
        self.subject: Subject | None = None
        self.locked = True
        self.invited: dict[tuple[JID, JID], None] = {}
        self._by_jid: dict[JID, Occupant] = {}

    @property
    def name(self) -> str:
        """What to call it in front of people."""
        return self.configuration.name or self.jid.local

    def address(self, nick: str) -> JID:
        """Return the occupant JID of `nick`, which is normalised already."""
        return JID(self.jid.local, self.jid.domain, nick)

    # Affiliations.

    def affiliation(self, jid: JID) -> Affiliation:
        """Return what a user is to the room: by the bare JID, else by the domain (9.2)."""
        standing = self.standings.get(jid.bare) or self.standings.get(JID("", jid.domain, ""))
        return Affiliation.NONE if standing is None else standing.affiliation

    def standing_as(self, affiliation: Affiliation) -> list[tuple[JID, Standing]]:
        """Return all with that affiliation, in the order in which they got it."""
        return [each for each in self.standings.items() if each[1].affiliation is affiliation]

    def grant(self, jid: JID, standing: Standing) -> None:
        """Change what the bare `jid` is to the room; none is not kept."""
        self.standings.pop(jid, None)
        if standing.affiliation is not Affiliation.NONE:
            self.standings[jid] = standing

    def forget(self, account: JID) -> None:
        """Drop what a bare JID is to the room, and the invitations from and to it."""
        self.standings.pop(account, None)
        self.invited = {pair: None for pair in self.invited if account not in pair}

    def first_role(self, jid: JID) -> Role:
        """Return the role with which a user enters."""
        return first_role(self.affiliation(jid), moderated=self.configuration.moderated)

    # Occupants.

    def occupant(self, jid: JID) -> Occupant | None:
        """Return the occupant that the client with this full JID is, or None."""
        return self._by_jid.get(jid)

    def sessions(self) -> Iterator[tuple[JID, Occupant]]:
        """Give every client in the room with its occupant, those who came first first."""
        for occupant in tuple(self.occupants.values()):
            for jid in tuple(occupant.sessions):
                yield jid, occupant

    def occupants_of(self, account: JID) -> list[Occupant]:
        """Return the occupants behind which a bare JID is, or anybody of a domain."""
        return [
            occupant
            for occupant in self.occupants.values()
            if account in (occupant.account, JID("", occupant.account.domain, ""))
        ]

    def admit(self, nick: str, jid: JID, role: Role, occupant_id: str, presence: bytes) -> Occupant:
        """Let a client in under `nick`, which is free or that of the same user."""
        occupant = self.occupants.get(nick)
        if occupant is None:
            occupant = Occupant(nick, jid.bare, role, occupant_id)
            self.occupants[nick] = occupant
        occupant.show(jid, presence)
        self._by_jid[jid] = occupant
        return occupant

    def release(self, jid: JID) -> None:
        """Take one client out, and its occupant with it if it was the last."""
        occupant = self._by_jid.pop(jid)
        del occupant.sessions[jid]
        if not occupant.sessions:
            del self.occupants[occupant.nick]
