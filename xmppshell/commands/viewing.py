"""Commands for looking: how records are shown, and finding them again."""

from __future__ import annotations

from ..protocol.events import Direction
from ..protocol.problem import Problem
from .desk import Desk
from .filters import parse_filter
from .registry import Argument, Call, Command, CommandError

ON_OFF = ("on", "off")
GREP_SHOWN = 20


async def raw(desk: Desk, call: Call) -> None:
    """Switch between the pretty view and the exact bytes."""
    desk.view.raw = _switched(call.get("state"), desk.view.raw)
    shown = "exactly as they were on the wire" if desk.view.raw else "indented"
    desk.screen.say(f"stanzas are shown {shown}")


async def times(desk: Desk, call: Call) -> None:
    """Switch the time stamps."""
    desk.view.timestamps = _switched(call.get("state"), desk.view.timestamps)
    desk.screen.say(f"times are {'shown' if desk.view.timestamps else 'not shown'}")


async def negotiation(desk: Desk, call: Call) -> None:
    """Switch whether the XML of the negotiation is shown, or only its steps."""
    desk.view.negotiation = _switched(call.get("state"), desk.view.negotiation)
    shown = "shown as XML" if desk.view.negotiation else "shown as steps only"
    desk.screen.say(f"stream headers, features, TLS and SASL are {shown}")


def _switched(wanted: str | None, now: bool) -> bool:
    return not now if wanted is None else wanted == "on"


async def show(desk: Desk, call: Call) -> None:
    """Show one record in full, or a range of them."""
    first, dash, last = call["numbers"].partition("-")
    if not dash:
        desk.screen.show(desk.number(first), raw=call.has("raw"))
        return
    start, end = desk.number(first).number, desk.number(last).number
    assert start is not None
    assert end is not None
    for number in range(start, end + 1):
        record = desk.log.get(number)
        if record is not None:
            desk.screen.show(record, raw=call.has("raw"))


async def last(desk: Desk, call: Call) -> None:
    """Show the last exchange: what the user sent last, and what answered it."""
    name = None if desk.session is None else desk.session.name
    sent = next((r for r in desk.log.stanzas(Direction.SENT, name) if r.move is None), None)
    if sent is None or sent.number is None:
        raise CommandError(Problem("nothing was sent yet", "", "type a stanza, beginning with <"))
    desk.screen.show(sent)
    answer = desk.log.answer_to(sent.number)
    if answer is not None:
        desk.screen.show(answer)
    else:
        desk.screen.say("no answer to it came", "dim")


async def filter_records(desk: Desk, call: Call) -> None:
    """Hide what does not match from the screen; the log keeps all."""
    view = desk.view
    terms = call.get("terms")
    if terms is None:
        now = f"filter: {view.filter.text}" if view.filter else "there is no filter"
        desk.screen.say(f"{now} · {view.hidden} hidden so far")
        return
    if terms == "off":
        view.filter = None
        desk.screen.say(f"filter off · {view.hidden} were hidden · /show finds them")
        view.hidden = 0
        return
    view.filter = parse_filter(terms)
    view.hidden = 0
    desk.screen.say(f"only what matches is shown: {terms} · /filter off ends it")


async def grep(desk: Desk, call: Call) -> None:
    """Find words in everything sent and received in this shell."""
    words = call["words"]
    found = list(desk.log.grep(words))
    for record in found[-GREP_SHOWN:]:
        desk.screen.show(record)
    if not found:
        desk.screen.say(f"“{words}” was neither sent nor received")
    elif len(found) > GREP_SHOWN:
        numbers = ", ".join(str(r.number) for r in found[:-GREP_SHOWN][-50:])
        desk.screen.say(f"{len(found)} found; before these: {numbers}", "dim")
    else:
        desk.screen.say(f"{len(found)} found", "dim")


async def keys(desk: Desk, call: Call) -> None:
    """Show or set the editing keys."""
    desk.screen.say(f"editing keys: {desk.screen.editing(call.get('mode'))}")


_STATE = (Argument("state", "on or off; the other way round without", True, choices=ON_OFF),)

COMMANDS = (
    Command("raw", "view", "show exact bytes, or the pretty view again", raw, _STATE),
    Command("times", "view", "show when each stanza was sent or received", times, _STATE),
    Command(
        "negotiation",
        "view",
        "show the XML of the negotiation too, or its steps only",
        negotiation,
        _STATE,
    ),
    Command(
        "show",
        "view",
        "show a record in full by its number, or a range of them",
        show,
        (Argument("numbers", "a number, or two with a dash: 3-7"),),
        examples=("/show 12", "/show 1-9"),
    ),
    Command("last", "view", "show the last exchange: what you sent, and its answer", last),
    Command(
        "filter",
        "view",
        "show only what matches; the rest is hidden, never lost",
        filter_records,
        (Argument("terms", "the terms, all of which must hold, or off", True, rest=True),),
        details=(
            "Terms: in, out, iq, message, presence, nonza, type:TYPE, jid:JID, ns:NAMESPACE, "
            "session:NAME, or an XPath expression such as //body. A - before a term turns it "
            "round.\n"
            "Without terms: what the filter is and how much it has hidden."
        ),
        examples=("/filter -presence", "/filter in jid:romeo@localhost", "/filter off"),
    ),
    Command(
        "grep",
        "view",
        "find words in everything sent and received",
        grep,
        (Argument("words", "what to look for, in any case", rest=True),),
        examples=("/grep urn:xmpp:ping",),
    ),
    Command(
        "keys",
        "view",
        "show or set the editing keys",
        keys,
        (Argument("mode", "vi or emacs", optional=True, choices=("vi", "emacs")),),
    ),
)
