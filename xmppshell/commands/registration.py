"""The command that makes accounts, registers with services, and ends both (XEP-0077)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..protocol.jid import JID, JIDError
from ..protocol.problem import Problem
from ..protocol.registration import Purpose
from .choosing import settings_for
from .registering import (
    Answers,
    Registered,
    account_of,
    as_a_stranger,
    ask_host,
    cancel,
    change_password,
    register,
)
from .registry import Argument, Call, Command, CommandError, Option
from .stream import CONNECTION_OPTIONS, with_options

if TYPE_CHECKING:
    from ..protocol.registration import Registration
    from ..session import Session
    from .desk import Desk

_WHERE: Final = frozenset({"--host", "--port", "--tls", "--ca-file", "--insecure"})


async def run(desk: Desk, call: Call) -> None:
    """Register, change a password, or cancel a registration."""
    session = desk.session
    if session is None or not session.connected or _names_an_account(call):
        await _connect_and_register(desk, call)
    elif not session.online:
        if call.has("jid") or call.has("new_password") or call.has("cancel"):
            raise CommandError(
                Problem("that needs a stream that is signed in", "", "/register alone, or sign in")
            )
        await _register_account(desk, session, session.settings.jid)
    elif call.has("new_password"):
        await _change_password(desk, session)
    elif call.has("cancel"):
        await _cancel(desk, session, call.get("jid"))
    else:
        await _register_with(desk, session, call.get("jid"))


def _names_an_account(call: Call) -> bool:
    """Say whether the JID is that of an account to make: services are domains."""
    changes = call.has("new_password") or call.has("cancel")
    return not changes and call.has("jid") and bool(_jid(call["jid"]).local)


async def _connect_and_register(desk: Desk, call: Call) -> None:
    """Open a stream up to where one may sign in, and make an account there."""
    typed = call.get("jid")
    if typed is None:
        raise CommandError(
            Problem(
                "where to register?",
                "",
                "/register juliet@example.org for a new account; /connect JID to sign in first",
            )
        )
    settings = with_options(settings_for(desk, typed), call)
    account = settings.jid.bare
    shown = desk.view.negotiation
    before = desk.session if desk.session is not None and desk.session.connected else None
    made: Registered | None = None
    try:
        await desk.connect(as_a_stranger(settings))
        desk.view.negotiation = shown
        made = await _register_account(desk, desk.live, account)
    finally:
        desk.view.negotiation = shown
        await _leave(desk, before)
    if before is None:
        kept = made.jid if made is not None else account
        desk.settings = replace(settings, jid=kept, password=None, until=None)


async def _leave(desk: Desk, before: Session | None) -> None:
    """Close the stream on which one registered, and go back to the open one of `before`."""
    session = desk.session
    if session is None or session is before:
        return
    await session.close()
    if before is not None:
        desk.sessions.remove(session.name)
        desk.use(before)


async def _register_account(desk: Desk, session: Session, account: JID) -> Registered | None:
    """Make an account on a stream that is not signed in."""
    host = account.domain
    registration = await ask_host(session, host)
    given: Answers = {"username": (account.local,)} if account.local else {}
    filled = await register(session, host, registration, given, desk.screen)
    if filled is None:
        desk.screen.say("nothing was sent, and no account was made", "dim")
        return None
    made = account_of(filled, host, given)
    if made is None:
        desk.screen.say(f"registered at {host}", "ok")
        return None
    if made.password is not None:
        desk.keep_password(made.jid, made.password)
    desk.screen.say(f"{made.jid} was created", "ok")
    desk.screen.say(f"next: /connect {made.jid}")
    return made


async def _register_with(desk: Desk, session: Session, to: str | None) -> None:
    """Register with a service, or show how the own account is registered."""
    assert session.jid is not None
    host = session.jid.domain if to is None else str(_jid(to))
    registration = await ask_host(session, host)
    if host == session.jid.domain:
        _show_own(desk, session, registration)
        return
    if registration.registered:
        desk.screen.say(f"you are registered with {host}; what it has is filled in")
    filled = await register(session, host, registration, {}, desk.screen, Purpose.SERVICE)
    if filled is None:
        desk.screen.say("nothing was sent", "dim")
    else:
        desk.screen.say(f"registered with {host}", "ok")
        desk.screen.say(f"/register {host} --cancel ends it", "dim")


def _show_own(desk: Desk, session: Session, registration: Registration) -> None:
    assert session.jid is not None
    desk.screen.say(
        f"{session.jid.bare} is registered"
        if registration.registered
        else f"{session.jid.domain} does not say that {session.jid.bare} is registered"
    )
    for each in registration.form.asked if registration.form is not None else ():
        if any(each.values) and not each.is_secret:
            desk.screen.say(f"  {each.title}: {each.text}")
    desk.screen.say("/register --new-password changes the password, --cancel ends the account")


async def _change_password(desk: Desk, session: Session) -> None:
    assert session.jid is not None
    _need_safe(desk, session)
    account = session.jid.bare
    old = session.settings.password
    new = await change_password(session, account, desk.screen, old)
    if new is None:
        desk.screen.say("the password stays as it is", "dim")
        return
    desk.keep_password(account, new)
    desk.screen.say(f"the password of {account} was changed", "ok")


def _need_safe(desk: Desk, session: Session) -> None:
    """Warn where a new password could be read on its way (XEP-0077 3.3)."""
    tls = session.tls
    if tls is None:
        desk.screen.say("this stream is not encrypted: anyone on the way can read it", "warning")
    elif not tls.verified:
        desk.screen.say("the server's certificate was not verified", "warning")


async def _cancel(desk: Desk, session: Session, to: str | None) -> None:
    """End a registration, once the user has typed out whose."""
    assert session.jid is not None
    own = to is None or _jid(to) in (session.jid.bare, JID("", session.jid.domain, ""))
    host = session.jid.domain if own else str(_jid(to or ""))
    what = str(session.jid.bare) if own else host
    desk.screen.say(
        f"this deletes the account {what} with its contacts and all that the server keeps of it"
        if own
        else f"this ends your registration with {what}",
        "warning",
    )
    typed = await desk.screen.ask(f"type {what} to go on: ")
    if typed is None or typed.strip() != what:
        desk.screen.say("nothing was cancelled", "dim")
        return
    if not await cancel(session, host, None if own else host, desk.screen):
        desk.screen.say("nothing was cancelled", "dim")
        return
    if own:
        desk.keep_password(session.jid.bare, None)
        await session.close()
    desk.screen.say(f"{what} was deleted" if own else f"no longer registered with {what}", "ok")


def _jid(text: str) -> JID:
    try:
        return JID.parse(text)
    except JIDError as error:
        raise CommandError(error.problem) from error


COMMANDS = (
    Command(
        "register",
        "stream",
        "make an account, register with a service, change the password, or cancel",
        run,
        (
            Argument(
                "jid", "the account to make, or the service to register with", True, suggest="jids"
            ),
        ),
        (
            Option("--new-password", "change the password of the account"),
            Option("--cancel", "end the registration: delete the account, or leave the service"),
            *(option for option in CONNECTION_OPTIONS if option.name in _WHERE),
        ),
        details=(
            "For an account it opens a stream of its own; a domain, on a stream that is signed in, "
            "is that of a service such as a gateway. Passwords are asked for without echo, and "
            "nothing is deleted without a question."
        ),
        examples=(
            "/register juliet@example.org",
            "/register gateway.example.org",
            "/register --new-password",
            "/register --cancel",
        ),
    ),
)
