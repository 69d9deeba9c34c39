"""How a node is configured: the fields, their defaults, and changes to them (XEP-0060)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ...protocol.data_forms import Field, FieldType, Form, Option, answered, faults
from ..services.forms import form_type, form_xml, is_true, values_of
from .vocabulary import META_DATA, NODE_CONFIG, PUBLISH_OPTIONS, Refused

MAX_ITEMS: Final = 256
"""How many items a node can hold at most, and holds if `max_items` is `max`."""

MAX_TEXT: Final = 8 * 1024
"""How long all values of a configuration can be together, in characters."""

_DIGITS: Final = 9
_ACCESS: Final = {
    "open": "anybody",
    "presence": "who may see the account's presence",
    "roster": "contacts in the groups named",
    "whitelist": "the members of the node",
}


def _choice(*values: str) -> tuple[Option, ...]:
    return tuple(Option(value) for value in values)


def _flag(name: str, label: str, default: bool) -> Field:
    return Field(
        f"pubsub#{name}", FieldType.BOOLEAN, label, values=("true" if default else "false",)
    )


DEFAULT: Final = Form(
    "form",
    (
        form_type(NODE_CONFIG),
        Field("pubsub#title", label="A name for people"),
        Field("pubsub#description", label="What it is about"),
        Field("pubsub#type", label="The namespace of the payload, if there is only one"),
        Field(
            "pubsub#access_model",
            FieldType.LIST_SINGLE,
            "Who may subscribe and read",
            values=("presence",),
            options=tuple(Option(value, label) for value, label in _ACCESS.items()),
        ),
        Field(
            "pubsub#roster_groups_allowed",
            FieldType.TEXT_MULTI,
            "The groups of access model roster",
        ),
        Field(
            "pubsub#publish_model",
            FieldType.LIST_SINGLE,
            "Who may publish",
            values=("publishers",),
            options=_choice("publishers", "subscribers", "open"),
        ),
        _flag("persist_items", "Keep items", True),
        Field(
            "pubsub#max_items", label=f"How many items to keep (max: {MAX_ITEMS})", values=("1",)
        ),
        Field(
            "pubsub#send_last_published_item",
            FieldType.LIST_SINGLE,
            "When to send the last item",
            values=("on_sub_and_presence",),
            options=_choice("never", "on_sub", "on_sub_and_presence"),
        ),
        _flag("deliver_notifications", "Notify of what is published", True),
        _flag("deliver_payloads", "Notify with the payload", True),
        _flag("notify_retract", "Notify of items that are removed", True),
        _flag("notify_delete", "Notify of the end of the node", True),
        _flag("notify_config", "Notify of changes to this configuration", False),
        Field(
            "pubsub#notification_type",
            FieldType.LIST_SINGLE,
            "The type of the messages",
            values=("headline",),
            options=_choice("headline", "normal"),
        ),
    ),
    "Configuration of a node",
)
"""The form, with the defaults of XEP-0163 5."""

_SHOWN: Final = ("title", "description", "type", "access_model", "publish_model", "max_items")


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of one node, which is the form filled in."""

    form: Form = DEFAULT

    def text(self, name: str) -> str:
        """Return the value of the field `pubsub#name`."""
        field = self.form.get(f"pubsub#{name}")
        return "" if field is None else field.text

    def on(self, name: str) -> bool:
        """Say whether the boolean field `pubsub#name` is true."""
        return is_true(self.form.get(f"pubsub#{name}"))

    @property
    def groups(self) -> tuple[str, ...]:
        """The roster groups that the access model roster admits."""
        field = self.form.get("pubsub#roster_groups_allowed")
        return () if field is None else field.values

    @property
    def max_items(self) -> int:
        """How many items are kept."""
        if not self.on("persist_items"):
            return 0
        text = self.text("max_items")
        return MAX_ITEMS if text == "max" else int(text)

    def xml(self) -> str:
        """Return the form as its owner is shown it."""
        return form_xml(self.form)

    def meta_data(self, owner: str) -> str:
        """Return what disco#info of the node says of it (XEP-0060 5.4)."""
        known = (self.form.get(f"pubsub#{name}") for name in _SHOWN)
        shown = (replace(field, options=()) for field in known if field is not None and field.text)
        owners = Field("pubsub#owner", FieldType.JID_MULTI, values=(owner,))
        return form_xml(Form("result", (form_type(META_DATA), *shown, owners)))

    def changed(self, submission: Form) -> Config:
        """Return the configuration with the changes that a form asks for.

        Fields that it does not know are passed over. Raises Refused for a form of another kind
        and for a value that cannot be.
        """
        _check_type(submission, NODE_CONFIG)
        return self._with(values_of(submission))

    def for_options(self, options: Form) -> Config:
        """Return the configuration of a new node that meets the publish options (7.1.5).

        Raises Refused if no node could.
        """
        _check_type(options, PUBLISH_OPTIONS)
        for var in values_of(options):
            if self.form.get(var) is None:
                raise unmet(f"{var} is not known here, so that it cannot be met")
        return self._with(values_of(options))

    def check_options(self, options: Form) -> None:
        """Raise Refused unless the node is configured as the publish options say (7.1.5)."""
        wanted = self.for_options(options)
        for var in values_of(options):
            if _plain(wanted.form, var) != _plain(self.form, var):
                here = " ".join(_plain(self.form, var)) or "empty"
                raise unmet(f"{var} of the node is {here}")

    def _with(self, values: Mapping[str, tuple[str, ...]]) -> Config:
        if values.get("pubsub#access_model") == ("authorize",):
            text = f"the access models of this service are {', '.join(_ACCESS)}"
            raise Refused("modify", "not-acceptable", text, "unsupported-access-model")
        form = answered(self.form, values)
        if sum(len(text) + 1 for field in form.fields for text in field.values) > MAX_TEXT:
            raise invalid(f"a configuration can have {MAX_TEXT} characters")
        wrong = faults(form)
        for var, fault in wrong.items():
            raise invalid(f"{var}: {fault}")
        for field in form.fields:
            if field.type is FieldType.LIST_SINGLE and not field.text:
                raise invalid(f"{field.var}: one of the options has to be chosen")
        config = Config(form)
        most = config.text("max_items")
        if most != "max" and not (most.isascii() and most.isdecimal() and len(most) <= _DIGITS):
            raise invalid("pubsub#max_items is a number or 'max'")
        if most != "max" and not 1 <= int(most) <= MAX_ITEMS:
            text = f"pubsub#max_items is a number from 1 to {MAX_ITEMS}"
            raise Refused("modify", "not-acceptable", text, "max-items-exceeded")
        return config


def invalid(text: str) -> Refused:
    """Return the refusal of a configuration that cannot be."""
    return Refused("modify", "not-acceptable", text, "invalid-options")


def unmet(text: str) -> Refused:
    """Return the refusal of a publication whose conditions are not met (XEP-0060 7.1.5)."""
    return Refused("cancel", "conflict", text, "precondition-not-met")


def _check_type(form: Form, wanted: str) -> None:
    if form.form_type not in ("", wanted):
        raise invalid(f"the FORM_TYPE of this form is {wanted}")
    if form.type != "submit":
        raise invalid("a form that is filled in has the type 'submit'")


def _plain(form: Form, var: str) -> list[str]:
    """Return the values of a field as they can be compared."""
    field = form.get(var)
    if field is None:
        return []
    if field.type is FieldType.BOOLEAN:
        return ["true" if is_true(field) else "false"]
    if var == "pubsub#max_items" and field.text == str(MAX_ITEMS):
        return ["max"]
    return sorted(field.values) if field.type.takes_several else [field.text]
