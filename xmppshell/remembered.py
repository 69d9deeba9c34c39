"""The strongest mechanism that each account used, so that none weaker is used in silence.

A server, or somebody in between, could offer only weak mechanisms to get at the password. What is
kept is no secret, but it is nobody else's business either: a file that only its owner may read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .protocol.channel import BINDING_TYPES
from .protocol.events import Authenticated
from .protocol.mechanisms.choice import strength
from .protocol.problem import Problem, ProblemError

if TYPE_CHECKING:
    from .feed import Record
    from .session import Session
    from .settings import Settings


class RememberingError(ProblemError):
    """What is remembered of the accounts could not be read or kept."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an account signed in with: the mechanism, and its channel binding type or ""."""

    mechanism: str = ""
    channel_binding: str = ""


def _rank(used: Remembered) -> tuple[int, int]:
    """Return how strong `used` is: by the mechanism first, then by the channel binding."""
    types = (*BINDING_TYPES, used.channel_binding)
    return strength(used.mechanism), -types.index(used.channel_binding)


class MechanismMemory:
    """The file of what is remembered; accounts are bare JIDs."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, account: str) -> Remembered:
        """Return what is remembered of `account`, empty for nothing. Raises RememberingError."""
        entry = self._read().get(account)
        if not isinstance(entry, dict):
            return Remembered()
        return Remembered(str(entry.get("mechanism", "")), str(entry.get("channel_binding", "")))

    def keep(self, account: str, used: Remembered, *, weaker_too: bool = False) -> None:
        """Remember `used` if it is stronger than what was, or, with `weaker_too`, in any case.

        Raises RememberingError.
        """
        before = self.of(account)
        if before == used or not strength(used.mechanism):
            return
        if _rank(used) < _rank(before) and not weaker_too:
            return
        entry = {"mechanism": used.mechanism, "channel_binding": used.channel_binding}
        self._write({**self._read(), account: entry})

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
            raise RememberingError(
                Problem(
                    f"the mechanisms used before cannot be read from {self._path}: {reason}",
                    "the file is damaged, or belongs to somebody else",
                    "if you trust the servers you use, delete it: it is made anew; "
                    "--allow-downgrade does without",
                )
            ) from error
        return found if isinstance(found, dict) else {}

    def _write(self, entries: dict[str, Any]) -> None:
        beside = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(json.dumps(entries, indent=1, sort_keys=True).encode())
            beside.replace(self._path)
        except OSError as error:
            raise RememberingError(
                Problem(
                    f"the mechanism cannot be remembered in {self._path}: {error.strerror}",
                    "the disk is full or read-only, or the folder belongs to someone else",
                    "check the folder; signing in works all the same",
                )
            ) from error


def with_floor(settings: Settings, memory: MechanismMemory) -> Settings:
    """Return `settings` with what the account used before as the least to use now.

    Nothing is changed with `allow_downgrade` or without an account. Raises RememberingError.
    """
    if settings.allow_downgrade or not settings.jid.local or settings.component:
        return settings
    before = memory.of(str(settings.jid.bare))
    return replace(settings, floor=before.mechanism, floor_binding=before.channel_binding)


def keep_mechanisms(
    session: Session, memory: MechanismMemory, on_failure: Callable[[Problem], None]
) -> None:
    """Remember what `session` signs in with from now on, where the server was verified.

    A memory that cannot be written is told to `on_failure`; the session goes on.
    """

    def observe(record: Record) -> None:
        event, settings = record.event, session.settings
        if not isinstance(event, Authenticated) or session.tls is None:
            return
        if settings.insecure or settings.component or not settings.jid.local:
            return
        used = Remembered(event.mechanism, event.channel_binding)
        try:
            memory.keep(str(settings.jid.bare), used, weaker_too=settings.allow_downgrade)
        except RememberingError as error:
            on_failure(error.problem)

    session.feed.subscribe(observe)
