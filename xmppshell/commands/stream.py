"""Commands for connecting and leaving, and for how the stream stands."""

from __future__ import annotations

from dataclasses import replace

from ..configuration.keys import DEFAULT_KEYS, Kind, Value
from ..network.discovery import TlsMode
from ..pilot import Negotiation, Stage
from ..protocol.errors import condition
from ..protocol.events import Direction
from ..protocol.problem import Problem
from ..session import Settings
from .accounts import overlaid
from .desk import Desk
from .registry import Argument, Call, Command, CommandError, Option


async def connect(desk: Desk, call: Call) -> None:
    """Open a stream: with the account that is named, or again with the last one."""
    desk.need_no_session()
    typed = call.get("jid")
    if typed is None:
        if desk.settings is None:
            raise CommandError(Problem("which account?", "", "/connect juliet@example.org"))
        settings = replace(desk.settings, redirects=())
    else:
        settings = desk.with_jid(typed)
    settings = with_options(settings, call)
    password = desk.password_for(settings)
    if password is None and settings.needs_password:
        password = await desk.screen.ask_password(str(settings.jid.bare))
        if password is None:
            desk.screen.say("not connected", "dim")
            return
    await desk.connect(replace(settings, password=password))


def with_options(settings: Settings, call: Call) -> Settings:
    """Return `settings` with what `CONNECTION_OPTIONS` say; raises `CommandError`."""
    port = call.get("port")
    if port is not None and not (port.isdecimal() and 0 < int(port) < 65536):
        raise CommandError(Problem(f"{port} is not a port", "", "a number from 1 to 65535"))
    tls, resource = call.get("tls"), call.get("resource")
    jid = settings.jid if resource is None else settings.jid.with_resource(resource)
    mechanism = call.get("mechanism")
    return replace(
        overlaid(settings, _values(call)),
        jid=jid,
        host=call.get("host") or settings.host,
        port=int(port) if port else settings.port,
        tls=TlsMode(tls) if tls else settings.tls,
        ca_file=call.get("ca_file") or settings.ca_file,
        websocket=call.get("websocket") or settings.websocket,
        component=settings.component or call.has("component"),
        insecure=settings.insecure or call.has("insecure"),
        mechanism=mechanism.upper() if mechanism else settings.mechanism,
        negotiation=Negotiation(call.get("negotiate") or settings.negotiation.value),
        until=Stage(call["until"]) if call.has("until") else settings.until,
    )


def _values(call: Call) -> dict[str, Value]:
    """Return the values of `SECURITY_KEYS`; raises `WrongValue`."""
    keys = (key for key in SECURITY_KEYS if call.has(key.name))
    return {key.name: key.kind is Kind.FLAG or key.parse(call[key.name]) for key in keys}


async def close(desk: Desk, call: Call) -> None:
    """Say the closing tag and wait for the server's."""
    await desk.live.close()


async def drop(desk: Desk, call: Call) -> None:
    """Cut the connection, to see what a server makes of a client that vanishes."""
    await desk.live.drop()


async def quit_shell(desk: Desk, call: Call) -> None:
    """Close the stream properly and leave."""
    if desk.session is not None:
        await desk.session.close()
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


SECURITY_KEYS = tuple(
    DEFAULT_KEYS[name]
    for name in (
        "channel_binding",
        "client_cert",
        "client_key",
        "allow_downgrade",
        "tls_version",
        "keylog",
    )
)

CONNECTION_OPTIONS = (
    Option("--host", "connect to this host instead of asking DNS", "HOST"),
    Option("--port", "the port, 5222 or 5223 otherwise", "PORT"),
    Option("--tls", "how to encrypt", choices=tuple(mode.value for mode in TlsMode)),
    Option("--ca-file", "trust the certificates in this file", "FILE"),
    Option("--insecure", "do not verify the certificate"),
    Option("--websocket", "go by WebSocket: its address, or auto to look for it", "URL"),
    Option("--component", "be the component of this domain; the password is its secret"),
    Option("--resource", "ask for this resource", "RESOURCE"),
    Option("--mechanism", "insist on this SASL mechanism", "NAME"),
    *(Option(key.option, key.meaning, key.placeholder, key.choices) for key in SECURITY_KEYS),
    Option("--negotiate", "who makes the moves", choices=tuple(n.value for n in Negotiation)),
    Option("--until", "stop there and hand over", choices=tuple(s.value for s in Stage)),
)

COMMANDS = (
    Command(
        "connect",
        "stream",
        "open a stream for an account, or again for the last one",
        connect,
        (Argument("jid", "the account, with a resource if you like", True, suggest="jids"),),
        CONNECTION_OPTIONS,
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
    ),
    Command(
        "drop",
        "stream",
        "cut the connection without a word, as a broken network would",
        drop,
    ),
    Command("quit", "stream", "close the stream properly and leave (Ctrl-D)", quit_shell),
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
