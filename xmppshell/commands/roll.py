"""The sessions of one shell by name: which there are, which one is current, what each is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..protocol.ids import IdCounter, distinct_prefix
from ..protocol.problem import Problem
from .registry import CommandError

if TYPE_CHECKING:
    from ..protocol.jid import JID
    from ..session import Session

NAME = re.compile(r"[^\W\d_][\w-]*")
"""What a session may be called by the user: `@NAME` and `/use NAME` must be able to say it."""


class Roll:
    """The sessions of one shell, in the order in which they came, open or closed.

    One of them is current; the others are counted for what came in since they were.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._current = ""
        self._unread: dict[str, int] = {}
        self._order: list[str] = []
        self._accounts: dict[str, JID] = {}
        self._prefixes: dict[str, str] = {}
        self._ids: dict[str, IdCounter] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(self._sessions.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the sessions."""
        return tuple(self._sessions)

    @property
    def current(self) -> Session | None:
        """The session that is typed to, open or closed; None before the first one."""
        return self._sessions.get(self._current)

    @property
    def others(self) -> tuple[Session, ...]:
        """The sessions besides the current one."""
        return tuple(session for session in self if session.name != self._current)

    def unread(self, name: str) -> int:
        """Return how many stanzas came on a session since it was current."""
        return self._unread.get(name, 0)

    def number(self, name: str) -> int:
        """Return the place of a name among all that were ever used, from 0: its colour."""
        if name not in self._order:
            self._order.append(name)
        return self._order.index(name)

    def get(self, name: str) -> Session | None:
        """Return the session of exactly that name, or None."""
        return self._sessions.get(name)

    def find(self, name: str) -> Session:
        """Return the session of that name, or the only one whose name begins so.

        Raises `CommandError` with the names that there are.
        """
        starts = [known for known in self._sessions if known.startswith(name)]
        if name in self._sessions:
            return self._sessions[name]
        if name and len(starts) == 1:
            return self._sessions[starts[0]]
        known = ", ".join(self._sessions)
        cause = f"there are {known}" if known else "nothing was connected yet"
        raise CommandError(Problem(f"there is no session {name}", cause, "/sessions, or /connect"))

    # What changes.

    def use(self, name: str) -> None:
        """Make a session the current one."""
        self._current = name
        self._unread.pop(name, None)

    def add(self, session: Session, account: JID) -> None:
        """Add a session for `account`, which replaces the one of its name, and give it its ids.

        A name that comes back for the same account goes on counting where it was.
        """
        name = session.name
        if name not in self._ids:
            self._prefixes[name] = distinct_prefix(name, self._prefixes.values())
            self._ids[name] = IdCounter(self._prefixes[name])
        session.ids = self._ids[name]
        self.number(name)
        self._accounts[name] = account
        self._sessions[name] = session

    def remove(self, name: str) -> None:
        """Take a session off the roll."""
        self._sessions.pop(name, None)
        self._unread.pop(name, None)

    def came(self, name: str) -> None:
        """Count a stanza that came in on a session, unless that one is current."""
        if name != self._current:
            self._unread[name] = self.unread(name) + 1

    def free_name(self, wanted: str, account: JID) -> str:
        """Return `wanted`, or it with the first number that makes it a name of its own.

        A name that was used before is free again for the same account only, since what was said
        under it is on record.
        """
        number, name = 1, wanted
        while name in self._sessions or self._accounts.get(name, account) != account:
            number += 1
            name = f"{wanted}{number}"
        return name

    def may_be_called(self, name: str, account: JID) -> bool:
        """Say whether the next session of `account` can have that name."""
        session = self._sessions.get(name)
        free = session is None or not session.connected
        return free and self._accounts.get(name, account) == account


def is_over(session: Session) -> bool:
    """Say whether a session has no connection and does not try to get one back."""
    return not session.connected and not session.reconnector.active


_ADDRESS = re.compile(r"\s*@([^\s<]*)\s*")


def split_address(text: str) -> tuple[str, str]:
    """Divide `@NAME <xml/>` into the name and the rest; the name is "" where there is none."""
    found = _ADDRESS.match(text)
    return ("", text) if found is None else (found[1], text[found.end() :])
