"""In-band registration on the practice server: new accounts, new passwords, and the end of both.

It asks by plain fields and by a form, as XEP-0077 6 has it for clients old and new, and answers
each mistake with the error that the specification names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ..protocol import namespaces as ns
from ..protocol.data_forms import parse_form
from ..protocol.jid import JID, JIDError
from ..protocol.registration import QUERY
from ..protocol.saslprep import saslprep
from ..protocol.stream_options import Refusal
from .contacts.roster import escape_text

if TYPE_CHECKING:
    from lxml import etree

    from .accounts import Accounts

INSTRUCTIONS: Final = "Choose a user name and a password for this practice server."
MAX_ACCOUNTS: Final = 1000
"""How many accounts there may be: they are kept in memory."""

_UNUSABLE: Final = "the password has a character that SCRAM cannot use"
_R: Final = f"{{{ns.REGISTER}}}"
_X: Final = f"{{{ns.DATA_FORM}}}x"
_FORM: Final = (
    f"<x xmlns='{ns.DATA_FORM}' type='form'><title>A new account</title>"
    f"<instructions>{INSTRUCTIONS}</instructions>"
    f"<field type='hidden' var='FORM_TYPE'><value>{ns.REGISTER}</value></field>"
    "<field type='text-single' var='username' label='User name'><required/></field>"
    "<field type='text-private' var='password' label='Password'><required/></field>"
    "<field type='text-single' var='email' label='Email address'>"
    "<desc>It is not used for anything.</desc></field></x>"
)
_QUESTION: Final = (
    f"<query xmlns='{ns.REGISTER}'><instructions>{INSTRUCTIONS}</instructions>"
    f"<username/><password/>{_FORM}</query>"
)


class Registrar:
    """Keeps the `accounts`; `on_removed` is called with the bare JID of each that is cancelled."""

    def __init__(
        self, accounts: Accounts, on_removed: Callable[[JID], None] = lambda jid: None
    ) -> None:
        self._accounts = accounts
        self._on_removed = on_removed

    def knows(self, account: JID) -> bool:
        """Say whether there is such an account."""
        return account in self._accounts

    def strangers_iq(self, iq: etree._Element, domain: str) -> str | Refusal:
        """Answer somebody who is not signed in, on a stream of `domain`."""
        if iq.get("type") == "get":
            return _QUESTION
        query = iq.find(QUERY)
        assert query is not None, "only requests to register come here"
        if query.find(f"{_R}remove") is not None:
            return Refusal("unexpected-request", "wait", "sign in to cancel your account")
        return self._create(_answers(query), domain)

    def _create(self, answers: dict[str, str], domain: str) -> str | Refusal:
        username, password = answers.get("username", ""), answers.get("password", "")
        missing = [name for name in ("username", "password") if not answers.get(name)]
        if missing:
            return Refusal("not-acceptable", "modify", f"missing: {', '.join(missing)}")
        try:
            jid = JID.of(username, domain)
        except JIDError as error:
            return Refusal("jid-malformed", "modify", error.problem.what)
        if jid in self._accounts:
            return Refusal("conflict", "cancel", f"{jid.local} has an account already")
        if not _usable(password):
            return Refusal("not-acceptable", "modify", _UNUSABLE)
        if len(self._accounts) >= MAX_ACCOUNTS:
            return Refusal("resource-constraint", "wait", "there are too many accounts")
        self._accounts.add(jid, password)
        return ""

    def members_get(self, account: JID) -> str:
        """Answer what is known of an account that is signed in; never its password."""
        name = f"<username>{escape_text(account.local)}</username>"
        return f"<query xmlns='{ns.REGISTER}'><registered/>{name}<password/></query>"

    def members_set(self, iq: etree._Element, account: JID) -> str | Refusal:
        """Change the password of an account that is signed in, or cancel it."""
        query = iq.find(QUERY)
        assert query is not None, "only requests to register come here"
        if query.find(f"{_R}remove") is not None:
            if len(query) > 1:
                return Refusal("bad-request", "modify", "<remove/> comes alone")
            self._accounts.remove(account)
            self._on_removed(account.bare)
            return ""
        answers = _answers(query)
        username, password = answers.get("username", ""), answers.get("password", "")
        if not username or not password:
            return Refusal("bad-request", "modify", "user name and password are needed")
        try:
            jid = JID.of(username, account.domain)
        except JIDError as error:
            return Refusal("jid-malformed", "modify", error.problem.what)
        if jid != account.bare:
            return Refusal("not-allowed", "cancel", "that is not your account")
        if not _usable(password):
            return Refusal("not-acceptable", "modify", _UNUSABLE)
        self._accounts.add(account, password)
        return ""


def _usable(password: str) -> bool:
    """Say whether one could sign in with `password` by SCRAM (RFC 5802 2.2)."""
    try:
        saslprep(password)
    except ValueError:
        return False
    return True


def _answers(query: etree._Element) -> dict[str, str]:
    """Return what was filled in, by a form or by plain fields."""
    form = query.find(_X)
    if form is not None:
        return {each.var: each.text for each in parse_form(form).fields}
    return {str(child.tag).rpartition("}")[2]: child.text or "" for child in query}
