"""What the owner of a room may choose, as a form (XEP-0045 10.1.3, 15.5.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ...protocol.data_forms import Field, FieldType, Form, Option, answered, faults
from ...protocol.jid import JID
from .limits import MAX_HISTORY, MAX_TEXT
from .names import CONFIGURATION
from .ranks import Role

_PREFIX: Final = "muc#roomconfig_"
_TEXTS: Final = ("roomname", "roomdesc", "lang", "roomsecret")
_SIZES: Final = ("10", "20", "30", "50", "100")
_NO_LIMIT: Final = "none"
OWNERS: Final = f"{_PREFIX}roomowners"
ADMINS: Final = f"{_PREFIX}roomadmins"

_MAY_WRITE: Final = {
    "anyone": Role.VISITOR,
    "participants": Role.PARTICIPANT,
    "moderators": Role.MODERATOR,
    "none": None,
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """The choices of one room; the defaults are those of an instant room.

    `password` is "" where none is needed. `private_messages` is who may send them: anyone,
    participants, moderators or none. `max_occupants` is None without a limit; `history` is how
    many messages those who enter get at most.
    """

    name: str = ""
    description: str = ""
    language: str = ""
    public: bool = True
    persistent: bool = False
    moderated: bool = False
    members_only: bool = False
    password: str = ""
    non_anonymous: bool = False
    anyone_changes_subject: bool = False
    members_invite: bool = False
    private_messages: str = "anyone"
    max_occupants: int | None = 50
    history: int = 20

    @property
    def least_to_whisper(self) -> Role | None:
        """The least role that may send private messages, or None if nobody may."""
        return _MAY_WRITE[self.private_messages]


def form(
    configuration: Configuration, title: str, owners: Sequence[JID], admins: Sequence[JID]
) -> Form:
    """Return the form that an owner fills in, with the present choices as defaults."""
    c = configuration
    size = _NO_LIMIT if c.max_occupants is None else str(c.max_occupants)
    return Form(
        "form",
        (
            Field("FORM_TYPE", FieldType.HIDDEN, values=(CONFIGURATION,)),
            _text("roomname", "Name of the room", c.name),
            _text("roomdesc", "Short description", c.description),
            _text("lang", "Language of the conversation", c.language),
            _flag("persistentroom", "Keep the room when the last occupant leaves", c.persistent),
            _flag("publicroom", "List the room where everybody can find it", c.public),
            _flag("membersonly", "Let only members in", c.members_only),
            _flag("moderatedroom", "Let newcomers speak only when a moderator allows", c.moderated),
            _flag("passwordprotectedroom", "Ask for a password", bool(c.password)),
            _field("roomsecret", FieldType.TEXT_PRIVATE, "Password", c.password),
            _choice(
                "whois",
                "Who sees real addresses",
                "anyone" if c.non_anonymous else "moderators",
                {"moderators": "Moderators only", "anyone": "Anyone"},
            ),
            _flag("changesubject", "Let participants change the subject", c.anyone_changes_subject),
            _flag("allowinvites", "Let members invite into a members-only room", c.members_invite),
            _choice(
                "allowpm",
                "Who may send private messages",
                c.private_messages,
                {
                    "anyone": "Anyone",
                    "participants": "Who may speak",
                    "moderators": "Moderators only",
                    "none": "Nobody",
                },
            ),
            _choice(
                "maxusers",
                "Most occupants, besides admins and owners",
                size,
                {each: each for each in (*_SIZES, _NO_LIMIT)},
            ),
            Field(
                "muc#maxhistoryfetch",
                label=f"Most messages shown to who enters, up to {MAX_HISTORY}",
                values=(str(c.history),),
            ),
            _people("roomadmins", "Admins, all of them", admins),
            _people("roomowners", "Owners, all of them", owners),
        ),
        f"Configuration of {title}",
        ("What is left out stays as it is.",),
    )


def fault(asked: Form, submitted: Form) -> str:
    """Say what is wrong with the answers to the form `asked`, or ""."""
    if submitted.fields and submitted.form_type not in ("", CONFIGURATION):
        return f"the FORM_TYPE is {CONFIGURATION}"
    filled = answered(asked, _answers(submitted))
    for var, text in faults(filled).items():
        return f"{var}: {text}"
    for var in (f"{_PREFIX}{name}" for name in _TEXTS):
        if any(len(value) > MAX_TEXT for value in _values(filled, var)):
            return f"{var}: there is room for {MAX_TEXT} characters"
    history = "".join(_values(filled, "muc#maxhistoryfetch"))
    number = int(history) if re.fullmatch("[0-9]{1,3}", history) else -1
    if not 0 <= number <= MAX_HISTORY:
        return f"muc#maxhistoryfetch: it is a number from 0 to {MAX_HISTORY}"
    if _flagged(filled, "passwordprotectedroom") and not _value(filled, "roomsecret"):
        return f"{_PREFIX}roomsecret: a room that asks for a password has one"
    return ""


def configured(configuration: Configuration, asked: Form, submitted: Form) -> Configuration:
    """Return the configuration with the answers, which have no `fault`."""
    filled = answered(asked, _answers(submitted))
    size = _value(filled, "maxusers")
    return replace(
        configuration,
        name=_value(filled, "roomname").strip(),
        description=_value(filled, "roomdesc").strip(),
        language=_value(filled, "lang").strip(),
        public=_flagged(filled, "publicroom"),
        persistent=_flagged(filled, "persistentroom"),
        moderated=_flagged(filled, "moderatedroom"),
        members_only=_flagged(filled, "membersonly"),
        password=_value(filled, "roomsecret") if _flagged(filled, "passwordprotectedroom") else "",
        non_anonymous=_value(filled, "whois") == "anyone",
        anyone_changes_subject=_flagged(filled, "changesubject"),
        members_invite=_flagged(filled, "allowinvites"),
        private_messages=_value(filled, "allowpm"),
        max_occupants=None if size == _NO_LIMIT else int(size),
        history=int("".join(_values(filled, "muc#maxhistoryfetch"))),
    )


def people(submitted: Form, var: str) -> list[JID] | None:
    """Return the bare JIDs of the answer to `OWNERS` or `ADMINS`; None if it was left out."""
    found = submitted.get(var)
    if found is None:
        return None
    return list(dict.fromkeys(JID.parse(value).bare for value in found.values if value))


def _answers(submitted: Form) -> Mapping[str, Sequence[str]]:
    """Return what was answered; a text may be taken away, a choice may not be left open."""
    free = {f"{_PREFIX}{name}" for name in _TEXTS} | {OWNERS, ADMINS}
    return {
        each.var: each.values or ("",)
        for each in submitted.fields
        if any(each.values) or each.var in free
    }


def _values(filled: Form, var: str) -> tuple[str, ...]:
    found = filled.get(var)
    return () if found is None else found.values


def _value(filled: Form, name: str) -> str:
    return next(iter(_values(filled, f"{_PREFIX}{name}")), "")


def _flagged(filled: Form, name: str) -> bool:
    return _value(filled, name) in ("1", "true")


def _field(name: str, kind: FieldType, label: str, value: str) -> Field:
    return Field(f"{_PREFIX}{name}", kind, label, values=(value,) if value else ())


def _text(name: str, label: str, value: str) -> Field:
    return _field(name, FieldType.TEXT_SINGLE, label, value)


def _flag(name: str, label: str, value: bool) -> Field:
    return _field(name, FieldType.BOOLEAN, label, "1" if value else "0")


def _choice(name: str, label: str, value: str, options: Mapping[str, str]) -> Field:
    offered = tuple(Option(each, title) for each, title in options.items())
    return replace(_field(name, FieldType.LIST_SINGLE, label, value), options=offered)


def _people(name: str, label: str, jids: Sequence[JID]) -> Field:
    return Field(
        f"{_PREFIX}{name}", FieldType.JID_MULTI, label, values=tuple(str(jid) for jid in jids)
    )
