"""Commands for negotiating at three speeds, and for seeing where the negotiation stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..pilot import Negotiation
from ..protocol.moves import Move
from ..protocol.problem import Problem
from ..protocol.sasl_explain import Field, check, explain
from ..protocol.states import TRANSITIONS, Speaker, State, Token
from .drafts import draft
from .registry import Argument, Call, Command, CommandError

if TYPE_CHECKING:
    from lxml import etree

    from ..protocol.stream import Stream
    from .desk import Desk


PIECE = 48
"""How many characters of a nonce or a signature stand on one line."""


async def negotiate(desk: Desk, call: Call) -> None:
    """Show or change who makes the moves."""
    wanted = call.get("speed")
    session = desk.live
    if wanted is not None:
        desk.view.negotiation = desk.view.negotiation or wanted != Negotiation.AUTO.value
        await session.switch(Negotiation(wanted))
    now = session.pilot.negotiation
    desk.screen.say(f"{now.value}: {now.meaning}")


async def hint(desk: Desk, call: Call) -> None:
    """Show the move that fits now, with its reason and its text."""
    session = desk.live
    move = session.proposal()
    if move is None:
        assert session.stream is not None
        desk.screen.say(f"nothing to do but to wait ({session.stream.state.value})")
        return
    desk.screen.say(f"{move.name}: {move.reason}{_written(move)}", "ok")
    text = draft(move)
    if text:
        desk.screen.say(f"  {text}")
    if "$sasl" in text:
        desk.screen.say("  $sasl stands for the payload, which holds a secret", "dim")


async def do(desk: Desk, call: Call) -> None:
    """Make the move that `/hint` shows."""
    move = desk.live.proposal()
    if move is None:
        raise CommandError(Problem("there is no move to make now", "", "/state shows what is due"))
    await desk.live.make(move)


def _written(move: Move) -> str:
    return f" ({move.reference})" if move.reference else ""


async def state(desk: Desk, call: Call) -> None:
    """Show the state table with the current place in it."""
    stream = desk.live.stream
    assert stream is not None
    facts = [
        "encrypted" if stream.secured else "not encrypted",
        f"signed in as {stream.username}" if stream.authenticated else "not signed in",
        f"bound to {stream.jid}" if stream.jid else "nothing bound",
    ]
    desk.screen.say("\n".join([*state_table(stream.state), "", "  " + " · ".join(facts)]))


def state_table(here: State) -> list[str]:
    """Return the lines of the table; the state `here` is marked."""
    lines: list[str] = []
    for known in State:
        mark = "▸ " if known is here else "  "
        lines.append(f"{mark}{known.value}{'   ← here' if known is here else ''}")
        for (source, speaker, token), target in TRANSITIONS.items():
            if source is known:
                who = "both" if token is Token.TLS_DONE else speaker.value
                lines.append(f"      {who:6} {token.value:27} → {target.value}")
    return lines


async def features(desk: Desk, call: Call) -> None:
    """Show what the server offered last, what of it is required, and what may come next."""
    stream = desk.live.stream
    assert stream is not None
    lines = [_feature_line(child) for child in stream.features]
    if not lines:
        desk.screen.say("no features were offered yet", "dim")
    else:
        desk.screen.say("\n".join(lines))
    desk.screen.say(f"next: {_what_may_come(stream, desk.live.proposal())}", "dim")


def _feature_line(feature: etree._Element) -> str:
    namespace, _, name = str(feature.tag).rpartition("}")
    details: list[str] = []
    marks: list[str] = []
    for child in feature.iter():
        local = str(child.tag).rpartition("}")[2]
        if local in ("required", "optional"):
            marks.append(local)
        elif child.text and child.text.strip():
            details.append(child.text.strip())
    shown = " ".join([f"[{mark}]" for mark in marks] + details)
    return f"  {name:12} {namespace.lstrip('{')}\n               {shown}".rstrip()


def _what_may_come(stream: Stream, move: Move | None) -> str:
    if move is not None:
        return f"{move.name}, since {move.reason}{_written(move)}"
    if stream.online:
        return "stanzas, in either direction"
    return f"the server's turn ({stream.state.value})"


async def sasl(desk: Desk, call: Call) -> None:
    """Explain the last SASL exchange, field by field, and do its sums again."""
    session = desk.session
    exchange = None if session is None or session.stream is None else session.stream.sasl_exchange
    if session is None or exchange is None or not exchange.payloads:
        raise CommandError(
            Problem("there was no SASL exchange yet", "", "/negotiate, or /connect JID")
        )
    desk.screen.say(f"{exchange.mechanism}: {exchange.outcome or 'not finished'}", "heading")
    counts = dict.fromkeys(Speaker, 0)
    for payload in exchange.payloads:
        step = counts[payload.speaker]
        counts[payload.speaker] += 1
        fields = explain(exchange.mechanism, payload.speaker, step, payload.data)
        arrow = "→" if payload.speaker is Speaker.CLIENT else "←"
        desk.screen.say(f"{arrow} {payload.speaker.value}", "ok")
        width = max(len(field.name) for field in fields)
        desk.screen.say("\n".join(_field_lines(field, width) for field in fields))
    password = session.settings.password
    if password is not None:
        for each in check(exchange.mechanism, exchange.payloads, password):
            verdict = "right" if each.right else "WRONG"
            role = "ok" if each.right else "error"
            desk.screen.say(f"  computed again: {each.what}: {verdict}", role)
            desk.screen.say(f"    {each.meaning}", "dim")


def _field_lines(field: Field, width: int) -> str:
    """Return a field in lines; a long value, which has no spaces, is broken into pieces."""
    margin = " " * (width + 6)
    value = field.value
    pieces = [value[at : at + PIECE] for at in range(0, len(value), PIECE)]
    lines = f"\n{margin}".join([*pieces, field.meaning])
    return f"    {field.name.ljust(width)}  {lines}"


COMMANDS = (
    Command(
        "negotiate",
        "stream",
        "show or change who makes the moves: auto, step or manual",
        negotiate,
        (
            Argument(
                "speed",
                "auto: the console; step: the console proposes; manual: you",
                optional=True,
                choices=tuple(speed.value for speed in Negotiation),
            ),
        ),
        details="It rules the negotiation, the automatic answers and the closing of the stream.",
        examples=("/negotiate step",),
    ),
    Command("hint", "stream", "show the move that fits now, and why", hint),
    Command("do", "stream", "make the move that /hint shows", do),
    Command("state", "stream", "show the state table, and where the stream stands in it", state),
    Command(
        "features",
        "stream",
        "show the offered features, which are required, and what may come next",
        features,
    ),
    Command("sasl", "stream", "explain the last SASL exchange and check its sums", sasl),
)
