"""Filling in a data form: from what was given beforehand, and by asking for the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from ..protocol.data_forms import Field, FieldType, Form, answered, fault, read_answer
from ..protocol.problem import Problem
from .registry import CommandError

_HINTS = {
    FieldType.BOOLEAN: "yes or no",
    FieldType.LIST_SINGLE: "a number",
    FieldType.LIST_MULTI: "numbers, with commas",
    FieldType.JID_SINGLE: "an address",
    FieldType.JID_MULTI: "addresses, with commas",
    FieldType.TEXT_MULTI: "an empty line ends it",
}


class Interview(Protocol):
    """Who asks the user: a screen with a prompt."""

    def say(self, text: str, role: str = "text") -> None:
        """Show lines of plain text; `role` names how, as in the theme."""

    async def ask(self, question: str, *, default: str = "", secret: bool = False) -> str | None:
        """Ask for one line, without echo if `secret`; None if the user backs out."""


async def fill(
    form: Form,
    given: Mapping[str, Sequence[str]],
    interview: Interview,
    *,
    twice: Collection[str] = (),
    places: Mapping[str, str] | None = None,
) -> Form | None:
    """Return the form with all its answers, or None if the user backs out.

    What is in `given`, by the names of the fields, is not asked for. The fields in `twice` are
    asked for two times, as is done with new passwords. `places` has where to find the media of
    the form whose URIs say nothing to a person. Raises `CommandError` for a wrong answer in
    `given`.
    """
    answers = _read(form, given)
    for each in form.fields:
        if each.type is FieldType.FIXED:
            interview.say(f"  {each.text}", "heading")
        elif each.is_asked and each.var not in answers:
            values = await _ask(each, interview, each.var in twice, places or {})
            if values is None:
                return None
            answers[each.var] = values
    return answered(form, answers)


def fill_silently(form: Form, given: Mapping[str, Sequence[str]]) -> Form:
    """Return the form with the answers `given` and its defaults.

    Raises `CommandError` for a wrong answer, and for fields that still need one.
    """
    filled = answered(form, _read(form, given))
    missing = [each for each in filled.asked if fault(each)]
    if missing:
        names = ", ".join(each.var for each in missing)
        wanted = "\n".join(line for each in missing for line in _description(each, {}))
        raise CommandError(
            Problem(
                f"the form needs an answer to: {names}",
                wanted,
                "give each as --field NAME=VALUE, a password by its own options; "
                "--show-form shows them all",
            )
        )
    return filled


def _read(form: Form, given: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Return the values of what was given; raises `CommandError` if they do not fit the form."""
    answers: dict[str, tuple[str, ...]] = {}
    for name, texts in given.items():
        asked = form.get(name)
        if asked is None or not asked.is_asked:
            names = ", ".join(each.var for each in form.asked)
            raise CommandError(Problem(f"the form has no field {name}", "", f"it has: {names}"))
        values = read_answer(asked, texts)
        reason = fault(replace(asked, values=values))
        if reason:
            raise CommandError(Problem(f"{name}: {reason}", "", "\n".join(_options(asked))))
        answers[name] = values
    return answers


async def _ask(
    asked: Field, interview: Interview, twice: bool, places: Mapping[str, str]
) -> tuple[str, ...] | None:
    """Ask until the answer is one; None if the user backs out."""
    for line in _description(asked, places):
        interview.say(f"  {line}")
    while True:
        texts = await _texts(asked, interview)
        if texts is None:
            return None
        if asked.is_secret and not any(texts) and asked.values:
            return asked.values
        values = read_answer(asked, texts) if any(texts) else ()
        reason = fault(replace(asked, values=values))
        if not reason and twice and values:
            again = await interview.ask(f"{asked.title} again: ", secret=True)
            if again is None:
                return None
            reason = "" if (again,) == values else "the two are not the same"
        if not reason:
            return values
        interview.say(f"  {reason}", "error")


async def _texts(asked: Field, interview: Interview) -> list[str] | None:
    """Ask once, and go on asking for more lines where there can be several."""
    question = f"{_question(asked)}: "
    if asked.type is not FieldType.TEXT_MULTI:
        text = await interview.ask(question, default=_default(asked), secret=asked.is_secret)
        return None if text is None else [text]
    lines: list[str] = []
    defaults = list(asked.values)
    while True:
        default = defaults.pop(0) if defaults else ""
        line = await interview.ask(question if not lines else "  ", default=default)
        if line is None:
            return None
        if not line:
            return lines
        lines.append(line)


def _question(asked: Field) -> str:
    notes = [] if asked.required else ["optional"]
    if asked.type in _HINTS:
        notes.append(_HINTS[asked.type])
    return f"{asked.title} ({', '.join(notes)})" if notes else asked.title


def _default(asked: Field) -> str:
    """Return the text that stands for the values that the field holds."""
    if asked.is_secret:
        return ""
    if asked.type is FieldType.BOOLEAN:
        return {"1": "yes", "true": "yes", "0": "no", "false": "no"}.get(asked.text, "")
    if asked.type.is_list:
        places = {option.value: str(at) for at, option in enumerate(asked.options, start=1)}
        return ", ".join(places.get(value, value) for value in asked.values)
    return ", ".join(asked.values)


def _description(asked: Field, places: Mapping[str, str]) -> list[str]:
    """Return the lines that are shown before a field is asked for."""
    lines = [asked.description] if asked.description else []
    for media in asked.media:
        lines.append(f"{media.type or 'media'}: {places.get(media.uri, media.uri)}")
    return lines + _options(asked)


def _options(asked: Field) -> list[str]:
    return [f"{at}  {option.title}" for at, option in enumerate(asked.options, start=1)]


def form_lines(form: Form) -> list[str]:
    """Return what the form asks, a line a field: name, type, whether required, and label."""
    rows = []
    for each in form.asked:
        kind = each.type.value + (", required" if each.required else "")
        label = "" if each.label in ("", each.var) else each.label
        value = f"[{each.text}]" if any(each.values) and not each.is_secret else ""
        rows.append((each.var, kind, " ".join(part for part in (label, value) if part), each))
    names = max((len(name) for name, *_ in rows), default=0)
    kinds = max((len(kind) for _, kind, *_ in rows), default=0)
    lines = []
    for name, kind, rest, each in rows:
        lines.append(f"  {name.ljust(names)}  {kind.ljust(kinds)}  {rest}".rstrip())
        lines += [f"  {' ' * names}  {line}" for line in _description(each, {})]
    return lines
