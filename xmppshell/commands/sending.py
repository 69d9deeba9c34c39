"""Commands for sending, and for what is sent by itself."""

from __future__ import annotations

import re

from ..protocol.obligations import DUTIES, Policy
from ..protocol.problem import Problem
from .desk import Desk
from .registry import Argument, Call, Command, CommandError

_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|[nrt\\0])")
_NAMED = {"n": b"\n", "r": b"\r", "t": b"\t", "\\": b"\\", "0": b"\0"}


async def send_raw(desk: Desk, call: Call) -> None:
    """Send exactly what follows, well-formed or not."""
    await desk.send_raw(raw_bytes(call["text"]))


def raw_bytes(text: str) -> bytes:
    r"""Return the bytes that `text` stands for; `\xNN`, `\n`, `\r`, `\t`, `\0`, `\\` are read."""
    parts: list[bytes] = []
    at = 0
    for match in _ESCAPE.finditer(text):
        parts.append(_typed(text[at : match.start()]))
        code = match.group(1)
        parts.append(_NAMED[code] if code in _NAMED else bytes.fromhex(code[1:]))
        at = match.end()
    parts.append(_typed(text[at:]))
    return b"".join(parts)


def _typed(text: str) -> bytes:
    """Return what was typed in bytes, also what the terminal gave that is not UTF-8."""
    return text.encode("utf-8", "surrogateescape")


async def auto(desk: Desk, call: Call) -> None:
    """Show or set which answers the console gives by itself."""
    session = desk.session
    if session is None:
        raise CommandError(Problem("there is no session", "", "/connect JID"))
    name, state = call.get("kind"), call.get("policy")
    if name is None:
        policies = [session.policies[duty.name] for duty in DUTIES]
        lines = [
            f"  {duty.name:<12}  {policy.value:<8}  {duty.what} ({duty.reference})"
            for duty, policy in zip(DUTIES, policies, strict=True)
        ]
        meanings = [f"{p.value}: {p.meaning}" for p in Policy if p in policies]
        desk.screen.say("\n".join([*lines, " · ".join(meanings)]))
        return
    declines = state == Policy.DECLINE.value
    possible = [duty.name for duty in DUTIES if duty.declinable or not declines]
    if name != "all" and name not in possible:
        raise CommandError(Problem(f"{name} cannot be declined", "it is no iq", "on, step or off"))
    names = possible if name == "all" else [name]
    for each in names:
        if state is not None:
            session.policies[each] = Policy(state)
        policy = session.policies[each]
        desk.screen.say(f"  {each.ljust(12)} {policy.value}: {policy.meaning}")


COMMANDS = (
    Command(
        "send-raw",
        "send",
        "send exactly these bytes, however broken",
        send_raw,
        (Argument("text", r"what to send; \xNN, \n, \r, \t, \0 and \\ are read", rest=True),),
        details="No id is added and nothing is filled in. A server may well end the stream.",
        examples=("/send-raw <message><body>a & b</body></message>", r"/send-raw \xff\xfe"),
    ),
    Command(
        "auto",
        "send",
        "show or switch the answers that the console gives by itself",
        auto,
        (
            Argument(
                "kind",
                "which answer",
                optional=True,
                choices=("all", *(duty.name for duty in DUTIES)),
            ),
            Argument(
                "policy",
                "on, step (propose it), decline (service-unavailable) or off (leave it to you)",
                optional=True,
                choices=tuple(policy.value for policy in Policy),
            ),
        ),
        examples=("/auto", "/auto ping off", "/auto version on"),
    ),
)
