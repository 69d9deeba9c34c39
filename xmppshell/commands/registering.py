"""What is said to a host to register with it, to change a password, and to cancel (XEP-0077).

The functions take a session and somebody who asks the user, so that they serve the shell and
`xmppshell register` alike.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..pilot import Negotiation, Stage
from ..protocol import registration as protocol
from ..protocol.data_forms import Form
from ..protocol.errors import stanza_error
from ..protocol.jid import JID, JIDError
from ..protocol.problem import Problem
from ..protocol.registration import PASSWORD, Purpose, Registration
from .form_filling import Interview, fill, fill_silently
from .registry import CommandError
from .requests import StreamEnded, request

if TYPE_CHECKING:
    from lxml import etree

    from ..session import Session
    from ..settings import Settings

Answers = Mapping[str, Sequence[str]]

_CORRECTABLE: Final = frozenset({"conflict", "jid-malformed"})
"""The errors that another user name can mend."""

_NOT_HERE: Final = frozenset({"not-authorized", "unsupported-stanza-type", "policy-violation"})
"""The stream errors by which servers say that nobody registers with them."""

_SUFFIXES: Final = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "audio/x-wav": ".wav",
    "audio/ogg": ".ogg",
}


@dataclass(frozen=True, slots=True)
class Registered:
    """An account that was made, and its password as far as it is known."""

    jid: JID
    password: str | None = field(default=None, repr=False)


class Refused(CommandError):
    """A host answered with an error: its `condition`, and the whole `answer`."""

    def __init__(self, problem: Problem, condition: str, answer: etree._Element) -> None:
        super().__init__(problem)
        self.condition = condition
        self.answer = answer


def as_a_stranger(settings: Settings) -> Settings:
    """Return the settings with which to open a stream only as far as one may register there."""
    return replace(
        settings,
        jid=JID("", settings.jid.domain, ""),
        password=None,
        component=False,
        negotiation=Negotiation.AUTO,
        until=Stage.LOGIN,
        sm=False,
        reconnect=False,
    )


async def ask_host(session: Session, host: str) -> Registration:
    """Ask `host`, a server or a service, what it wants to know; raises ProblemError."""
    try:
        answer = await request(session, "get", protocol.ASK, host)
    except StreamEnded as error:
        if error.condition in _NOT_HERE:
            raise CommandError(protocol.not_offered(host)) from error
        raise
    _raise_error(Purpose.ASK, host, answer)
    return protocol.parse_answer(answer)


def _raise_error(purpose: Purpose, host: str, answer: etree._Element) -> None:
    """Raise `Refused` if `answer` is an error."""
    error = stanza_error(answer) if answer.get("type") == "error" else None
    if error is not None:
        raise Refused(protocol.problem_of(purpose, host, error), error.condition, answer)


async def register(
    session: Session,
    host: str,
    registration: Registration,
    given: Answers,
    interview: Interview | None,
    purpose: Purpose = Purpose.ACCOUNT,
) -> Form | None:
    """Fill in what `host` asks and send it; return what was sent, or None if the user backs out.

    Without an `interview` nobody is asked, and `given` must have every required answer. Raises
    ProblemError if the host asks for nothing here, or refuses.
    """
    if interview is not None and registration.form is not None:
        _introduce(registration, registration.form, interview)
    while True:
        if registration.form is None:
            raise CommandError(protocol.elsewhere(host, registration))
        filled = await _filled(registration, given, interview, purpose)
        if filled is None:
            return None
        try:
            answer = await request(session, "set", registration.payload(filled), host)
            _raise_error(purpose, host, answer)
        except Refused as error:
            if interview is None or error.condition not in _CORRECTABLE:
                raise
            _say_refusal(interview, error)
            given = _to_keep(filled, given)
            registration = await ask_host(session, host)
        else:
            return filled


def _say_refusal(interview: Interview, error: Refused) -> None:
    interview.say(f"  {error.problem.what}", "error")
    interview.say(f"  usually: {error.problem.cause}")


def _to_keep(filled: Form, given: Answers) -> Answers:
    """Return the answers so far, but for the name of the user and what was read off a picture."""
    kept = {each.var: each.values for each in filled.asked if any(each.values) and not each.media}
    return {var: values for var, values in {**given, **kept}.items() if var != "username"}


async def _filled(
    registration: Registration, given: Answers, interview: Interview | None, purpose: Purpose
) -> Form | None:
    form = registration.form
    assert form is not None
    # The name and the password are known beforehand, whether or not the form asks for them.
    unasked = {name for name in ("username", PASSWORD) if form.get(name) is None}
    known = {name: values for name, values in given.items() if name not in unasked}
    if interview is None:
        return fill_silently(form, known)
    twice = {PASSWORD} if purpose is Purpose.ACCOUNT else ()
    with _kept(registration) as places:
        return await fill(form, known, interview, twice=twice, places=places)


def _introduce(registration: Registration, form: Form, interview: Interview) -> None:
    """Say what the host says about its form."""
    if form.title:
        interview.say(form.title, "heading")
    for text in dict.fromkeys((*form.instructions, registration.instructions)):
        if text:
            interview.say(text)
    if registration.url:
        interview.say(f"there is a web page for it, too: {registration.url}")
    interview.say("Ctrl-D leaves without sending anything", "dim")


@contextmanager
def _kept(registration: Registration) -> Iterator[dict[str, str]]:
    """Write the media that came with the form to files; give their paths by their URIs."""
    if not registration.attachments:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="xmppshell-") as folder:
        places = {}
        for number, (uri, attachment) in enumerate(registration.attachments.items(), start=1):
            suffix = _SUFFIXES.get(attachment.type.partition(";")[0].strip().lower(), ".bin")
            path = Path(folder) / f"media-{number}{suffix}"
            path.write_bytes(attachment.data)
            places[uri] = str(path)
        yield places


async def change_password(
    session: Session, account: JID, interview: Interview, old: str | None
) -> str | None:
    """Give `account` a new password; return it, or None if the user backs out.

    `old` answers a host that wants to know it first. Raises ProblemError if it is refused.
    """
    new = await _new_password(interview, account)
    if new is None:
        return None
    host = account.domain
    payload = protocol.change_password(account.local, new)
    answer = await request(session, "set", payload, host)
    known = {"username": (account.local,), PASSWORD: (new,)}
    if old is not None:
        known["old_password"] = (old,)
    done = await _settled(session, Purpose.PASSWORD, host, answer, known, interview, host)
    return new if done else None


async def _new_password(interview: Interview, account: JID) -> str | None:
    while True:
        new = await interview.ask(f"new password for {account}: ", secret=True)
        if not new:
            return None
        again = await interview.ask("new password again: ", secret=True)
        if again is None or again == new:
            return again
        interview.say("  the two are not the same", "error")


async def cancel(session: Session, host: str, to: str | None, interview: Interview) -> bool:
    """End the registration with `host`; False if the user backs out; raises ProblemError.

    Without `to` it is the own account, whose sessions the server then ends (XEP-0077 3.2).
    """
    own = to is None
    if own:
        session.expect_end()
    try:
        answer = await request(session, "set", protocol.CANCEL, to)
        done = await _settled(session, Purpose.CANCEL, host, answer, {}, interview, to)
    except StreamEnded as error:
        if own and error.condition in ("not-authorized", ""):
            return True
        raise
    except BaseException:
        session.expect_end(False)
        raise
    if own and not done:
        session.expect_end(False)
    return done


async def _settled(
    session: Session,
    purpose: Purpose,
    host: str,
    answer: etree._Element,
    known: Answers,
    interview: Interview,
    to: str | None,
) -> bool:
    """Take the answer; fill in the form of a host that wants to know more first.

    Return False if the user backs out of that; raises `Refused`.
    """
    try:
        _raise_error(purpose, host, answer)
    except Refused as error:
        form = protocol.form_in_error(error.answer)
        if form is None:
            raise
        _say_refusal(interview, error)
        mine = {name: values for name, values in known.items() if form.get(name) is not None}
        filled = await fill(form, mine, interview)
        if filled is None:
            return False
        again = await request(session, "set", protocol.submit(form, filled), to)
        _raise_error(purpose, host, again)
    return True


def account_of(filled: Form, host: str, given: Answers) -> Registered | None:
    """Return the account that was registered by what was sent, if it says so."""
    name = filled.get("username")
    local = name.text if name is not None else "".join(given.get("username", ()))
    password = filled.get(PASSWORD)
    try:
        jid = JID.of(local, host) if local else None
    except JIDError:
        jid = None
    if jid is None:
        return None
    return Registered(jid, password.text if password is not None and password.text else None)
