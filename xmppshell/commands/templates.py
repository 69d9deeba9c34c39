"""Commands for templates: put one into the prompt, send one, list them, make one of a stanza."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from ..protocol.events import Direction, ElementSeen
from ..protocol.problem import Problem
from ..templates.placeholders import open_fields
from ..transcript.redaction import REDACTED, redact
from .registry import Argument, Call, Command, CommandError, Option

if TYPE_CHECKING:
    from ..feed import Record
    from ..templates.model import Field, Template
    from .desk import Desk

SAVE: Final = "save"
"""What to type in the place of a name to make a template."""

_ADDRESSES: Final = ("me", "bare", "domain")


async def use(desk: Desk, call: Call) -> None:
    """Put a template into the prompt, filled in as far as values were given."""
    template = _find(desk, call["template"])
    desk.screen.offer(_filled(desk, template, call))


async def send(desk: Desk, call: Call) -> None:
    """Fill in a template and send it at once."""
    from ..templates.telling import usage

    template = _find(desk, call["template"])
    text = _filled(desk, template, call)
    needed = dict.fromkeys(each.name for each in open_fields(text) if not each.optional)
    if needed:
        secret = [name for name in needed if template.fields[name].secret]
        cure = usage(template, "/t!")
        if secret:
            cure = f"/t {template.name} puts it into the prompt, to type {secret[0]} there"
        what = (
            f"nothing was sent: {', '.join(needed)} {'is' if len(needed) == 1 else 'are'} missing"
        )
        raise CommandError(Problem(what, "", cure))
    await desk.send(text)


async def list_templates(desk: Desk, call: Call) -> None:
    """List the templates, or those of a group."""
    from ..templates.telling import listing

    _tell_mistakes(desk, again=True)
    shelf = desk.templates
    wanted = call.get("group")
    groups = [wanted] if wanted else list(shelf.groups())
    desk.screen.say(listing(shelf.group(name) for name in groups))
    if wanted is None:
        desk.screen.say("/template NAME says more of one, /t NAME puts it into the prompt", "dim")


async def show(desk: Desk, call: Call) -> None:
    """Show a template with its fields, or make one of a stanza."""
    new = call.get("new")
    if call["template"] == SAVE:
        _save(desk, new, call)
        return
    if new is not None:
        raise CommandError(Problem(f"“{new}” is one word too many", "", "/template NAME"))
    desk.screen.say(in_full(desk, call["template"]))


def in_full(desk: Desk, name: str) -> str:
    """Return all about the template of that name; raises `UnknownTemplate`."""
    from ..templates import telling

    template = _find(desk, name)
    return telling.in_full(template, "/t", stands_in=desk.templates.stands_in(template))


def _find(desk: Desk, name: str) -> Template:
    _tell_mistakes(desk)
    return desk.templates.find(name)


def _tell_mistakes(desk: Desk, *, again: bool = False) -> None:
    """Say what is wrong in the user's files: once, or `again`."""
    for problem in desk.templates.mistakes(again=again):
        desk.screen.problem(problem)


def _filled(desk: Desk, template: Template, call: Call) -> str:
    from ..templates.filling import fill
    from ..templates.words import arrange, split

    values = arrange(template, split(call.get("values") or ""))
    return fill(template, _own_nick(desk, template, values) | values, _variables(desk))


def _own_nick(desk: Desk, template: Template, values: Mapping[str, str]) -> dict[str, str]:
    """Return the field with the nickname that the user has in the room of `values`, if in one."""
    session = desk.session
    entity = desk.known.entity(values.get("room", ""))
    if "nick" not in template.fields or session is None or entity is None:
        return {}
    nick = entity.nicks.get(str(session.jid))
    return {"nick": nick.replace("$", "$$")} if nick else {}


def _variables(desk: Desk) -> Mapping[str, str] | None:
    """Return what the `$` variables stand for; None without a connection to take them from."""
    session = desk.session
    return desk.variables() if session is not None and session.connected else None


def _save(desk: Desk, name: str | None, call: Call) -> None:
    """Make a template of the last stanza, or of that with a number."""
    from ..templates.making import make

    if name is None:
        raise CommandError(Problem("what is the template to be called?", "", "/template save NAME"))
    desk.templates.check_free(name, replacing=call.has("force"))
    record = _stanza(desk, call.get("number"))
    event = record.event
    assert isinstance(event, ElementSeen)
    received = event.direction is Direction.RECEIVED
    text = redact(event.data.decode("utf-8", "replace"))
    variables = desk.variables(desk.sessions.get(record.session))
    own = {variables[v]: v for v in _ADDRESSES if v in variables}
    file = make(
        name,
        text,
        received=received,
        own=own,
        summary=_summary(event, received),
        redacted=REDACTED,
    )
    path = desk.templates.save(name, file, replacing=call.has("force"))
    where = desk.templates.short(path)
    desk.screen.say(f"saved {record.number} as {name} in {where}; /template {name} shows it")
    if REDACTED in text:
        desk.screen.say("a secret in it was not saved: it is a field now", "dim")


def _stanza(desk: Desk, number: str | None) -> Record:
    if number is None:
        session = desk.session
        name = session.name if session is not None else None
        for record in desk.log.stanzas(session=name):
            if record.move is None:
                return record
        cause = "nothing was sent or received yet"
        raise CommandError(Problem("there is no stanza to save", cause, ""))
    record = desk.number(number)
    event = record.event
    if isinstance(event, ElementSeen):
        return record
    raise CommandError(Problem(f"number {number} is no stanza", "", "/template save NAME NUMBER"))


def _summary(event: ElementSeen, received: bool) -> str:
    stanza = event.stanza
    if stanza is None:
        return "saved from a nonza"
    words = [stanza.type or "", stanza.kind]
    if stanza.kind == "iq":
        words.reverse()
    name = " ".join(word for word in words if word)
    article = "an" if name[0] in "aeiou" and not name.startswith("un") else "a"
    return f"saved from {article} {name}" + (" that came" if received else "")


# Completion.


def field_suggestions(desk: Desk, words: list[str], word: str) -> Iterable[str]:
    """Give what may follow `words`, the first of which is a template: fields, or their values."""
    if not words or words[0] not in desk.templates.names():
        return ()
    template = desk.templates.find(words[0])
    fields = template.fields
    name, equals, _ = word.partition("=")
    if equals and name in fields:
        return [f"{name}={value}" for value in _values(desk, fields[name])]
    used = {each.partition("=")[0] for each in words[1:] if "=" in each}
    names = [f"{n}=" for n, f in fields.items() if n not in used and not f.secret]
    unnamed = sum("=" not in each for each in words[1:])
    free = [name for name in template.positional if name not in used]
    return [*names, *(_values(desk, fields[free[unnamed]]) if unnamed < len(free) else ())]


def meaning_of(desk: Desk, suggest: str, words: list[str], text: str) -> str:
    """Say what a suggestion of templates, groups or fields means; "" for other lists."""
    if suggest == "templates":
        return desk.templates.find(text).summary
    if suggest == "groups":
        return desk.templates.groups()[text]
    if suggest == "fields" and text.endswith("="):
        field = desk.templates.find(words[0]).fields[text[:-1]]
        return field.meaning or field.words
    return ""


def _values(desk: Desk, field: Field) -> Iterable[str]:
    if field.one_of:
        return field.one_of
    if field.kind == "bool":
        return ("true", "false")
    if field.kind in ("jid", "bare", "full"):
        return [jid for jid in desk.seen_jids if field.kind == "jid" or _is(field.kind, jid)]
    return ()


def _is(kind: str, jid: str) -> bool:
    return ("/" in jid) is (kind == "full")


_NAME = Argument("template", "its name, or the beginning or end of it", suggest="templates")
_VALUES = Argument(
    "values",
    "of its fields, in their order or as NAME=VALUE; in quotes with spaces",
    optional=True,
    rest=True,
    suggest="fields",
)

COMMANDS = (
    Command(
        "t",
        "templates",
        "put a template into the prompt, filled in with these values",
        use,
        (_NAME, _VALUES),
        details="What is still open stands there as ‹name›: Tab goes to the next. What may stay\n"
        "open stands there as ‹name?›, and is then not sent.",
        examples=(
            "/t ping romeo@localhost",
            "/t presence.available show=away priority=5",
            '/t message.chat romeo@localhost "Good morrow"',
            "/t iq.get payload=<time xmlns='urn:xmpp:time'/>",
        ),
    ),
    Command(
        "t!",
        "templates",
        "fill in a template and send it at once",
        send,
        (_NAME, _VALUES),
        examples=("/t! ping", "/t! muc.join verona@conference.localhost nick=Juliet"),
    ),
    Command(
        "templates",
        "templates",
        "list the templates of stanzas, all or of one group",
        list_templates,
        (Argument("group", "the name of a group", optional=True, suggest="groups"),),
        examples=("/templates", "/templates muc"),
    ),
    Command(
        "template",
        "templates",
        "show a template and who gets what, or make one of a stanza (save)",
        show,
        (
            Argument("template", "its name, or save", suggest="templates"),
            Argument("new", "with save: what the new one is to be called", optional=True),
            Argument("number", "with save: the number of the stanza; or the last", optional=True),
        ),
        (Option("--force", "with save: replace one of that name"),),
        details="save makes fields of the addresses and the body. Your templates are files in\n"
        "the templates folder of the configuration, and count as soon as they change.",
        examples=("/template muc.join", "/template save invite 23"),
    ),
)
