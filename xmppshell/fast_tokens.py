"""What is kept to sign in with FAST next time: a token and the id of this client, an account each.

A token is as good as a password (XEP-0484), so it lies in a file that only its owner may read, or
in the keyring. It is never shown; `load` and `save` are the only ways in and out.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .passwords import KEYRING_SERVICE, open_keyring
from .protocol.credentials import FastToken
from .protocol.events import FastTokenReceived, FastTokenRefused
from .protocol.problem import Problem, ProblemError

if TYPE_CHECKING:
    from .feed import Record
    from .session import Session
    from .settings import Settings

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


class TokenError(ProblemError):
    """A token could not be kept."""


class TokenStore:
    """The tokens of all accounts, each account in a file of its own in `folder`.

    With `keyring` the tokens themselves are in the keyring, and the files have only the ids.
    `clock` gives the present as an aware time. Accounts are bare JIDs.
    """

    def __init__(
        self,
        folder: Path,
        *,
        keyring: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._keyring = open_keyring() if keyring else None
        self._clock = clock

    def client_id(self, account: str) -> str:
        """Return the id that tells this client from the user's others; made once, then the same.

        Each account has its own, so that it tells nobody which accounts are one person's. Raises
        TokenError if it cannot be kept.
        """
        kept = self._read(account).get("client-id")
        if isinstance(kept, str) and kept:
            return kept
        made = str(uuid.uuid4())
        self._write(account, {"client-id": made})
        return made

    def load(self, account: str) -> FastToken | None:
        """Return the token of an account; None if there is none, or if it has expired."""
        kept = self._read(account) if self._keyring is None else self._from_keyring(account)
        parts = [kept.get(name) for name in ("mechanism", "token", "expiry")]
        if not all(isinstance(part, str) for part in parts):
            return None
        token = FastToken(*map(str, parts))
        if self._expired(token):
            self.drop(account)
            return None
        return token

    def save(self, account: str, token: FastToken) -> None:
        """Keep `token` in place of the one before; raises TokenError if that fails."""
        parts = {"mechanism": token.mechanism, "token": token.token, "expiry": token.expiry}
        kept = {"client-id": self.client_id(account)}
        if self._keyring is None:
            self._write(account, kept | parts)
            return
        try:
            self._keyring.set_password(KEYRING_SERVICE, _entry(account), json.dumps(parts))
        except self._keyring.errors.KeyringError as error:
            raise TokenError(
                Problem(
                    f"the token was not kept: the keyring gave an error: {error}",
                    "no keyring service runs in this session",
                    "leave --keyring out to keep tokens in a file; --no-fast wants none",
                )
            ) from error

    def drop(self, account: str) -> None:
        """Forget the token of an account, but not the id; raises TokenError if that fails."""
        if self._keyring is not None:
            # Without an entry, and without a keyring, there is nothing to forget.
            with contextlib.suppress(self._keyring.errors.KeyringError):
                self._keyring.delete_password(KEYRING_SERVICE, _entry(account))
        kept = self._read(account)
        if set(kept) - {"client-id"}:
            self._write(account, {"client-id": kept.get("client-id", "")})

    def _expired(self, token: FastToken) -> bool:
        """Say whether the token is of no more use; one with an odd date is for the server."""
        if not _DATE.fullmatch(token.expiry):
            return False
        try:
            return datetime.fromisoformat(token.expiry) <= self._clock()
        except ValueError:
            return False

    def _path(self, account: str) -> Path:
        return self._folder / f"{quote(account, safe='@')}.json"

    def _read(self, account: str) -> dict[str, Any]:
        """Return what the account's file says; nothing if there is none or it makes no sense."""
        try:
            kept = json.loads(self._path(account).read_bytes())
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _from_keyring(self, account: str) -> dict[str, Any]:
        assert self._keyring is not None
        try:
            kept = json.loads(self._keyring.get_password(KEYRING_SERVICE, _entry(account)) or "{}")
        except (self._keyring.errors.KeyringError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write(self, account: str, kept: dict[str, str]) -> None:
        """Put a new file in the place of the account's, whole or not at all."""
        path = self._path(account)
        beside = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            # Created for its owner only, before anything is in it.
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(json.dumps(kept).encode())
            beside.replace(path)
        except OSError as error:
            raise TokenError(
                Problem(
                    f"what FAST needs cannot be kept in {self._folder}: {error.strerror or error}",
                    "the disk is full or read-only, or the folder belongs to someone else",
                    "--no-fast does without",
                    "XEP-0484",
                )
            ) from error


def _entry(account: str) -> str:
    """Return the name of a token in the keyring, beside the account's password."""
    return f"{account} FAST token"


def store_for(settings: Settings, folder: Path) -> TokenStore:
    """Return where the tokens of an account are kept, in `folder` or in the keyring."""
    return TokenStore(folder, keyring=settings.keyring)


def with_token(settings: Settings, folder: Path, on_failure: Callable[[Problem], None]) -> Settings:
    """Return `settings` with the id of this client and the token that is kept, if any.

    Nothing is changed unless FAST is wanted (`Settings.wants_fast`). Where nothing can be kept,
    `on_failure` is told, and the settings returned want no token.
    """
    if not settings.wants_fast:
        return settings
    account = str(settings.jid.bare)
    try:
        store = store_for(settings, folder)
        client_id, token = store.client_id(account), store.load(account)
    except ProblemError as error:
        on_failure(error.problem)
        return replace(settings, fast=False)
    return replace(settings, client_id=client_id, fast_token=token)


def keep_tokens(session: Session, folder: Path, on_failure: Callable[[Problem], None]) -> None:
    """Keep each token that `session` is given from now on, and drop what the server refuses.

    A store that cannot be written is told to `on_failure`; the session goes on.
    """

    def observe(record: Record) -> None:
        event = record.event
        if not isinstance(event, FastTokenReceived | FastTokenRefused):
            return
        account = str(session.settings.jid.bare)
        try:
            store = store_for(session.settings, folder)
            if isinstance(event, FastTokenReceived):
                store.save(account, event.token)
            else:
                store.drop(account)
        except ProblemError as error:
            on_failure(error.problem)

    session.feed.subscribe(observe)
