"""Data forms as the server writes and takes them (XEP-0004)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...protocol import namespaces as ns
from ...protocol.data_forms import Field, FieldType, Form, parse_form
from ...protocol.xml.tokens import quoted
from ..contacts.roster import escape_text

if TYPE_CHECKING:
    from lxml import etree

_X: Final = f"{{{ns.DATA_FORM}}}x"


def form_type(namespace: str) -> Field:
    """Return the hidden field that says what a form is for (XEP-0068)."""
    return Field("FORM_TYPE", FieldType.HIDDEN, values=(namespace,))


def form_xml(form: Form) -> str:
    """Return the form as XML, with its type, what it asks, and the values that it holds."""
    title = f"<title>{escape_text(form.title)}</title>" if form.title else ""
    instructions = "".join(
        f"<instructions>{escape_text(text)}</instructions>" for text in form.instructions
    )
    fields = "".join(_field_xml(field) for field in form.fields)
    return f"<x xmlns='{ns.DATA_FORM}' type='{form.type}'>{title}{instructions}{fields}</x>"


def submitted(parent: etree._Element) -> Form | None:
    """Return the form that is a child of `parent`, or None."""
    element = parent.find(_X)
    return None if element is None else parse_form(element)


def values_of(form: Form) -> dict[str, tuple[str, ...]]:
    """Return the values of a form by the names of its fields, without FORM_TYPE."""
    return {field.var: field.values for field in form.fields if field.var != "FORM_TYPE"}


def is_true(field: Field | None) -> bool:
    """Say whether a boolean field holds true (XEP-0004 3.3)."""
    return field is not None and field.text in ("1", "true")


def _field_xml(field: Field) -> str:
    var = f" var={quoted(field.var)}" if field.var else ""
    label = f" label={quoted(field.label)}" if field.label else ""
    inside = [f"<desc>{escape_text(field.description)}</desc>"] if field.description else []
    inside += ["<required/>"] if field.required else []
    inside += (f"<value>{escape_text(value)}</value>" for value in field.values)
    for option in field.options:
        named = f" label={quoted(option.label)}" if option.label else ""
        inside.append(f"<option{named}><value>{escape_text(option.value)}</value></option>")
    head = f"<field{var} type='{field.type.value}'{label}"
    return f"{head}>{''.join(inside)}</field>" if inside else f"{head}/>"
