"""Data forms as rooms write them (XEP-0004 3)."""

from __future__ import annotations

from ...protocol import namespaces as ns
from ...protocol.data_forms import Field, Form
from ...protocol.xml.tokens import quoted
from ..roster import escape_text


def form_xml(form: Form) -> str:
    """Return a form to be filled in, or a result, as XML."""
    title = f"<title>{escape_text(form.title)}</title>" if form.title else ""
    instructions = "".join(
        f"<instructions>{escape_text(each)}</instructions>" for each in form.instructions
    )
    fields = "".join(_field_xml(each) for each in form.fields)
    return f"<x xmlns='{ns.DATA_FORM}' type='{form.type}'>{title}{instructions}{fields}</x>"


def _field_xml(field: Field) -> str:
    label = f" label={quoted(field.label)}" if field.label else ""
    values = "".join(f"<value>{escape_text(value)}</value>" for value in field.values)
    options = "".join(
        f"<option label={quoted(each.label)}><value>{escape_text(each.value)}</value></option>"
        for each in field.options
    )
    head = f"<field var={quoted(field.var)} type='{field.type.value}'{label}"
    return f"{head}>{values}{options}</field>" if values or options else f"{head}/>"
