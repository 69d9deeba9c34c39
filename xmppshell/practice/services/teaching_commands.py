"""Two commands to learn on: one without a form, one with two (XEP-0050)."""

from __future__ import annotations

from typing import Final

from ...protocol.data_forms import Field, FieldType, Form, Option
from ...protocol.jid import JID
from .commands import Command, Note, Outcome, Run
from .last import LastActivity

_GREETINGS: Final = {
    "formal": "Good evening, {name}",
    "friendly": "Hello {name}",
    "solemn": "Hail to thee, {name}",
}
_UNITS: Final = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def uptime(last: LastActivity) -> Command:
    """Return the command that says how long the server is up."""

    def finish(run: Run) -> Outcome:
        seconds = last.uptime()
        fields = (Field("seconds", label="Seconds", values=(str(seconds),)),)
        form = Form("result", fields, "Uptime")
        return Outcome((Note(f"The server is up for {in_words(seconds)}."),), form)

    return Command("uptime", "How long the server is up", finish)


def greet() -> Command:
    """Return the command that makes up a greeting, from the answers to two forms."""
    return Command("greet", "Make up a greeting", _greeting, (_who, _how))


def in_words(seconds: int) -> str:
    """Return a duration in its two largest units that are not zero."""
    parts = []
    for length, unit in _UNITS:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return " and ".join(parts[:2]) or "less than a second"


def _who(run: Run) -> Form:
    fields = (
        Field("name", label="Who is greeted", required=True),
        Field("address", FieldType.JID_SINGLE, "Where they can be reached, a JID"),
    )
    return Form("form", fields, "A greeting (1 of 2)", ("Say who is to be greeted.",))


def _how(run: Run) -> Form:
    options = tuple(Option(value, value.capitalize()) for value in _GREETINGS)
    fields = (
        Field(
            "manner",
            FieldType.LIST_SINGLE,
            "In which manner",
            required=True,
            values=("friendly",),
            options=options,
        ),
        Field("loudly", FieldType.BOOLEAN, "Loudly", values=("0",)),
    )
    return Form(
        "form", fields, "A greeting (2 of 2)", (f"How shall {run.text('name')} be greeted?",)
    )


def _greeting(run: Run) -> Outcome:
    text = _GREETINGS[run.text("manner")].format(name=run.text("name"))
    text = f"{text.upper()}!" if run.is_true("loudly") else f"{text}."
    fields = [Field("greeting", label="The greeting", values=(text,))]
    if run.text("address"):
        address = str(JID.parse(run.text("address")))
        fields.append(Field("address", FieldType.JID_SINGLE, "For", values=(address,)))
    return Outcome((Note("The greeting is made up."),), Form("result", tuple(fields), "A greeting"))
