"""Whom a command means: an account of the configuration, that of a session, or a JID."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..configuration.layers import may_be_account
from ..protocol.jid import JID, JIDError
from ..protocol.problem import Problem
from ..settings import Settings
from .accounts import Account, choose, overlaid, source_of, values_of
from .registry import CommandError

if TYPE_CHECKING:
    from ..configuration.layers import Layer
    from ..session import Session
    from .desk import Desk


def account_for(desk: Desk, typed: str | None, given: Layer) -> Account:
    """Return whom `typed` means, with `given` over what holds otherwise.

    It is the account of a closed session, one of the configuration, or a JID; where nobody is
    named, that of the last connection. Raises ProblemError.
    """
    chosen = values_of({**desk.preferences.chosen, **given})
    if typed is None:
        settings = _again(desk)
    else:
        of_the_file = may_be_account(typed) and typed in desk.preferences.load().accounts
        session = None if of_the_file else desk.sessions.get(typed)
        if session is not None:
            settings = _reopened(session)
        elif of_the_file or not _is_near(desk, typed):
            return choose(typed, desk.preferences, given)
        else:
            settings = settings_for(desk, typed)
    return Account(overlaid(settings, chosen), source_of(chosen))


def settings_for(desk: Desk, typed: str) -> Settings:
    """Return settings for a JID: those of the last connection, if it went to the same domain.

    Raises `CommandError` if it is no JID.
    """
    jid = _jid(typed)
    if desk.settings is None or desk.settings.jid.domain != jid.domain:
        return Settings(jid)
    return replace(desk.settings, jid=jid, password=None, redirects=())


def _is_near(desk: Desk, typed: str) -> bool:
    """Say whether the last connection went to the domain of an account."""
    return desk.settings is not None and desk.settings.jid.domain == _jid(typed).domain


def _again(desk: Desk) -> Settings:
    if desk.session is not None and desk.session.connected:
        raise CommandError(
            Problem(
                f"{desk.session.name} is connected",
                "",
                "/connect JID opens another session beside it; /close ends this one",
            )
        )
    if desk.settings is None:
        raise CommandError(Problem("which account?", "", "/connect juliet@example.org"))
    return replace(desk.settings, redirects=())


def _reopened(session: Session) -> Settings:
    if session.connected:
        what = f"{session.name} is connected"
        raise CommandError(Problem(what, "", f"/use {session.name} goes there"))
    return replace(session.settings, password=None, redirects=())


def _jid(text: str) -> JID:
    try:
        return JID.parse(text)
    except JIDError as error:
        raise CommandError(error.problem) from error
