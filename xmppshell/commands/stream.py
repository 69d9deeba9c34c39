"""Commands for connecting and leaving, and for how the stream stands."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from ..configuration.keys import CONNECTION_KEYS, Kind
from ..configuration.layers import Layer, Setting
from ..passwords import password_from
from ..protocol.errors import condition
from ..protocol.events import Direction
from ..protocol.problem import Problem
from ..settings import Settings
from .accounts import Account, overlaid, values_of
from .choosing import account_for
from .desk import Desk
from .registry import Argument, Call, Command, CommandError, Option
from .roll import NAME, is_over


async def connect(desk: Desk, call: Call) -> None:
    """Open a stream: with the account that is named, or again with the last one."""
    account = account_for(desk, call.get("jid"), given(call))
    settings = desk.with_token(account.settings)
    name = _checked_name(desk, call.get("name") or "", settings)
    password = await _password(desk, replace(account, settings=settings))
    settings = replace(settings, password=password)
    if settings.has_to_ask:
        desk.screen.say("not connected", "dim")
        return
    await desk.connect(settings, name or account.name)


def _checked_name(desk: Desk, name: str, settings: Settings) -> str:
    if name and not NAME.fullmatch(name):
        raise CommandError(
            Problem(f"“{name}” cannot be the name of a session", "", "letters, digits, - and _")
        )
    if name and not desk.sessions.may_be_called(name, settings.jid.bare):
        what = f"there is a session {name} already, or was one of another account"
        raise CommandError(Problem(what, "", "take another name; /sessions shows them"))
    return name


async def _password(desk: Desk, account: Account) -> str | None:
    """Return the password: from where it was said to be, from memory, or from the user."""
    settings = account.settings
    whose = str(settings.jid.bare)
    # A password command may take its time, and ask for something itself.
    password = await asyncio.to_thread(password_from, account.source, whose)
    password = password or desk.password_for(settings)
    if password is None and settings.has_to_ask:
        password = await desk.screen.ask_password(whose)
    return password


def with_options(settings: Settings, call: Call) -> Settings:
    """Return `settings` with what `CONNECTION_OPTIONS` say; raises `WrongValue`."""
    return overlaid(settings, values_of(given(call)))


def given(call: Call) -> Layer:
    """Return what `CONNECTION_OPTIONS` say; raises `WrongValue`."""
    return {
        key.name: Setting(key.parse(call[key.name]), "/connect")
        for key in CONNECTION_KEYS
        if call.has(key.name)
    }


async def close(desk: Desk, call: Call) -> None:
    """Say the closing tag and wait for the server's; or no longer try to connect again."""
    name = call.get("session")
    session = desk.session if name is None else desk.sessions.find(name)
    if session is None or is_over(session):
        session = desk.open_session(name)
    await session.close()


async def drop(desk: Desk, call: Call) -> None:
    """Cut the connection, to see what a server makes of a client that vanishes."""
    session = desk.open_session(call.get("session"))
    await session.drop()
    if session.wants_reconnecting:
        session.reconnector.start("the line was cut by hand")
    elif session.resumable:
        desk.screen.say("the stream can be resumed: /sm shows what waits, /resume goes on", "dim")


async def quit_shell(desk: Desk, call: Call) -> None:
    """Close every session properly and leave."""
    await desk.close_all()
    desk.screen.leave()


async def pending(desk: Desk, call: Call) -> None:
    """Show the requests that wait for an answer, in both directions."""
    session = desk.live
    rows = []
    for way in (Direction.SENT, Direction.RECEIVED):
        for waiting in session.exchanges.waiting(way):
            stanza = waiting.stanza
            payload = (stanza.payload or "").rpartition("}")[2]
            seconds = session.age - waiting.at
            where = f"to {stanza.to}" if stanza.to else ""
            rows.append(
                (
                    f"{way.arrow} {waiting.number}",
                    f"{stanza.type} {stanza.id} {payload} {where} · {seconds:.1f} s",
                )
            )
    desk.screen.say(_table(rows) if rows else "nothing is waiting for an answer")


async def explain_condition(desk: Desk, call: Call) -> None:
    """Explain an error condition of stanzas, streams or SASL."""
    found = [
        known
        for family in ("stanza", "stream", "sasl")
        if (known := condition(family, call["condition"])) is not None
    ]
    if not found:
        raise CommandError(
            Problem(
                f"{call['condition']} is not a condition of RFC 6120",
                "",
                "conditions look like item-not-found or host-unknown",
            )
        )
    for known in found:
        rows = [
            (f"{known.family} error", known.meaning),
            ("usually", known.cause),
            ("try", known.cure),
            ("written in", known.reference),
        ]
        desk.screen.say(_table(rows))


def _table(rows: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name.ljust(width)}  {value}" for name, value in rows)


CONNECTION_OPTIONS = tuple(
    Option(
        key.option,
        key.meaning,
        key.placeholder,
        key.one_of,
        negatable=key.kind is Kind.FLAG,
    )
    for key in CONNECTION_KEYS
)
"""An option for each setting of a connection."""

_SESSION = (Argument("session", "which session, if not this one", True, suggest="sessions"),)

COMMANDS = (
    Command(
        "connect",
        "stream",
        "open a stream for an account, or again for the last one",
        connect,
        (
            Argument(
                "jid",
                "the account: a JID, its name in config.toml, or that of a closed session",
                optional=True,
                suggest="accounts",
            ),
        ),
        (Option("--name", "what to call the session", "NAME"), *CONNECTION_OPTIONS),
        details=(
            "The password is asked for without echo; it is never part of the line. One that was "
            "right is kept in memory until the shell ends, for the next /connect."
        ),
        examples=("/connect juliet@example.org", "/connect romeo@localhost --port 5222"),
    ),
    Command(
        "close",
        "stream",
        "close the stream properly, and wait for the server's closing tag",
        close,
        _SESSION,
    ),
    Command(
        "drop",
        "stream",
        "cut the connection without a word, as a broken network would",
        drop,
        _SESSION,
    ),
    Command("quit", "stream", "close every stream properly and leave (Ctrl-D)", quit_shell),
    Command("pending", "stream", "show the requests that wait for an answer", pending),
    Command(
        "condition",
        "help",
        "explain an error condition",
        explain_condition,
        (Argument("condition", "its name, such as item-not-found", suggest="conditions"),),
        examples=("/condition service-unavailable",),
    ),
)
