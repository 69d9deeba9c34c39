"""From a template and values to the text of a stanza, with what is missing left open."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Final

from ..protocol.namespaces import CLIENT
from ..protocol.problem import Problem, ProblemError
from ..protocol.values import check
from ..protocol.xml import Completeness, Context, TokenKind, examine, tokenise
from .model import FIELD, FRESH_ID, XML, Field, Template
from .placeholders import OPEN, placeholder, without

_VARIABLE: Final = re.compile(r"\$\$|\$([a-z]+)")
_IN_TEXT: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_IN_TAG: Final = {**_IN_TEXT, "'": "&apos;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;"}

_EXAMPLES: Final = {"int": "5", "uint": "5", XML: "<ping xmlns='urn:xmpp:ping'/>"}
"""A value of each kind of which `check` shows none."""


class WrongField(ProblemError):
    """A value that a field cannot have, or one for a field that there is not."""


def fill(
    template: Template, values: Mapping[str, str], variables: Mapping[str, str] | None = None
) -> str:
    """Return the template's XML with `values` in its fields; the rest are defaults, or open.

    Values are plain text and are escaped; those of the kind `xml` are XML. Each is checked. An
    empty value of an optional field takes its part out. `variables` gives what `$name` stands for
    in values and defaults: one that it does not have stays in a value, and leaves a default open.
    With None all stay, for the shell to fill in. Raises `WrongField`.
    """
    _refuse_unknown(template, values)
    texts: dict[str, str | None] = {}
    empty = set()
    for name, field in template.fields.items():
        value = _value_of(field, values, variables)
        if value is None or (value == "" and field.optional):
            texts[name] = None
            if value is not None:
                empty.add(name)
        else:
            texts[name] = value
    filled = "".join(
        _filled(piece, kind is not TokenKind.TEXT, template.fields, texts)
        for kind, piece in tokenise(template.xml)
    )
    return without(filled, empty) if empty else filled


def missing(template: Template, values: Mapping[str, str]) -> list[str]:
    """Return the names of the required fields that neither `values` nor a default fills."""
    return [
        name
        for name, field in template.fields.items()
        if name not in values and field.default is None and not field.optional
    ]


def _value_of(
    field: Field, values: Mapping[str, str], variables: Mapping[str, str] | None
) -> str | None:
    """Return the value of a field, checked; None if it is left open."""
    given = values.get(field.name)
    if given is not None and field.secret:
        raise WrongField(
            Problem(
                f"{field.name} is a secret, which no command takes",
                "commands stand in the history, and arguments in the list of processes",
                "leave it out, and type it into the XML at the prompt",
            )
        )
    value = field.default if given is None else given
    if value is None:
        return None
    plain, complete = _resolved(value, variables)
    if not complete:
        return None if given is None and variables is not None else value
    problem = None if plain == "" and (field.optional or given is None) else _wrong(field, plain)
    if problem is not None and given is None and value != plain:
        return None  # What a variable stands for just now is nothing for this field.
    if problem is not None:
        raise WrongField(problem)
    return _resolved(value, variables, for_shell=True)[0]


def _resolved(
    value: str, variables: Mapping[str, str] | None, *, for_shell: bool = False
) -> tuple[str, bool]:
    """Return the value with the variables that are known, and whether that was all of them.

    With `for_shell` each `$` that stands for itself is doubled, as the shell wants it.
    """
    unknown = False
    dollar = "$$" if for_shell else "$"

    def known(found: re.Match[str]) -> str:
        nonlocal unknown
        name = found[1]
        if name is None:
            return dollar
        if variables is None or name not in variables:
            unknown = True
            return found[0]
        return variables[name].replace("$", dollar)

    return _VARIABLE.sub(known, value), not unknown


def _wrong(field: Field, value: str) -> Problem | None:
    """Say why the field cannot have the value, with an example of one; None if it can."""
    if field.one_of:
        problem = _listed(field, value)
    elif field.kind == XML:
        problem = _well_formed(value)
    elif f"{{{FRESH_ID}}}" in value:
        return None  # The shell fills in an id, which is one plain word.
    else:
        problem = check(field.kind, value, least=field.least, most=field.most)
    if problem is None:
        return None
    example = _EXAMPLES.get(field.kind, "")
    if example.isdecimal() and check(field.kind, example, least=field.least, most=field.most):
        example = str(field.most if field.least is None else field.least)
    such = f"such as {field.name}={example}" if example else ""
    cure = ", ".join(part for part in (problem.cure, such) if part)
    what = f"{field.name}: {problem.what}"
    return Problem(what, problem.cause, cure, problem.reference)


def _listed(field: Field, value: str) -> Problem | None:
    if value in field.one_of:
        return None
    near = difflib.get_close_matches(value.lower(), field.one_of, n=1)
    cure = (
        f"perhaps {near[0]}" if near else f"{field.words}, such as {field.name}={field.one_of[0]}"
    )
    shown = value if len(value) < 40 else value[:39] + "…"
    return Problem(f"“{shown}” is none of {', '.join(field.one_of)}", "", cure)


def _well_formed(value: str) -> Problem | None:
    found = examine(value, Context.for_namespace(CLIENT))
    if found.error is not None:
        error = found.error.problem
        what = f"this is not well-formed: {error.what}"
        return Problem(what, error.cause, error.cure, error.reference)
    if found.completeness is Completeness.COMPLETE and not found.header and found.elements:
        return None
    tags = ", ".join(f"<{tag}>" for tag in found.open_tags)
    return Problem("this is not a whole element", f"still open: {tags}" if tags else "", "")


def _refuse_unknown(template: Template, values: Mapping[str, str]) -> None:
    for name in values:
        if name not in template.fields:
            known = list(template.fields)
            near = difflib.get_close_matches(name, known, n=2)
            cure = f"perhaps {' or '.join(near)}" if near else f"it has {', '.join(known)}"
            raise WrongField(
                Problem(f"{template.name} has no field {name}", "", cure if known else "")
            )


def _filled(
    piece: str, in_tag: bool, fields: Mapping[str, Field], texts: Mapping[str, str | None]
) -> str:
    """Return a piece of the XML with the fields in it filled, or written as open."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:
            inner = found[0][1:-1]
            return found[0] if inner == f"{{{FRESH_ID}}}" else inner
        if name == FRESH_ID:
            return found[0]
        text = texts[name]
        if text is None:
            return placeholder(name, optional=fields[name].optional)
        return text if fields[name].kind == XML else escaped(text, in_tag=in_tag)

    return FIELD.sub(value, piece)


def escaped(text: str, *, in_tag: bool) -> str:
    """Return plain text as it stands in an element, or `in_tag` in an attribute's value.

    What looks like an open field is written so that it is none.
    """
    table = _IN_TAG if in_tag else _IN_TEXT
    plain = "".join(table.get(character, character) for character in text)
    return OPEN.sub(lambda found: f"&#8249;{found[0][1:]}", plain)
