"""`xmppshell register`: a new account on a server, with or without somebody to ask (XEP-0077)."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from ..commands.desk import ViewChoices
from ..commands.form_filling import form_lines
from ..commands.registering import account_of, as_a_stranger, ask_host, register
from ..commands.registry import CommandError
from ..exit_status import ExitStatus
from ..protocol.events import Notice, WireEvent
from ..protocol.problem import Problem, ProblemError
from ..protocol.registration import elsewhere
from ..session import Session
from .columns import fitted
from .problems import problem_lines
from .recording import start_capture
from .safe_text import safe, safe_line
from .theme import Role, Theme, colour_wanted
from .view import View

if TYPE_CHECKING:
    from ..commands.form_filling import Interview
    from ..environment import Environment
    from ..feed import Record
    from ..protocol.registration import Registration
    from ..settings import Settings

_SECRETS: Final = (
    "the arguments of a process can be read by every user of its machine",
    "leave it out to be asked, or use the options and the variable for passwords",
)


class RegisterRun:
    """One run of `xmppshell register`.

    `settings` say where; their JID is the account to make, or a domain alone. `fields` are the
    answers by field name, `password` that of the new account where it comes from elsewhere. With
    `show_form` the form is only shown. Who sits at a terminal is asked for the rest.
    """

    def __init__(
        self,
        environment: Environment,
        settings: Settings,
        *,
        fields: Mapping[str, Sequence[str]],
        password: str | None = None,
        show_form: bool = False,
        quiet: bool = False,
        colour: bool | None = None,
    ) -> None:
        self._environment = environment
        self._account = settings.jid.bare
        self._settings = as_a_stranger(settings)
        self._fields = fields
        self._password = password
        self._show_form = show_form
        self._quiet = quiet
        out, err = (
            Theme(colour_wanted(no_color=environment.no_color, is_tty=to.isatty(), forced=colour))
            for to in (environment.stdout, environment.stderr)
        )
        self._theme, self._errors = out, err
        self._steps = View(err, lambda: environment.width, ViewChoices())

    async def run(self) -> ExitStatus:
        """Connect, ask the server, fill in the form and send it; return the exit status."""
        session = Session("register", self._settings)
        session.feed.subscribe(self._step)
        capture = start_capture(self._environment, self._settings, self._complain)
        session.feed.subscribe(capture.write)
        try:
            await session.open()
            return await self._register(session)
        except CommandError as error:
            self._complain(error.problem)
            return ExitStatus.ERROR
        except ProblemError as error:
            self._complain(error.problem)
            return ExitStatus.CONNECTION
        finally:
            await session.close()
            capture.close()

    async def _register(self, session: Session) -> ExitStatus:
        host = self._account.domain
        registration = await ask_host(session, host)
        if self._show_form:
            return self._show(host, registration)
        self._refuse_secrets(registration)
        given = dict(self._fields)
        if self._account.local:
            given.setdefault("username", (self._account.local,))
        if self._password is not None:
            given["password"] = (self._password,)
        filled = await register(session, host, registration, given, self._interview())
        if filled is None:
            self._print("nothing was sent, and no account was made")
            return ExitStatus.INTERRUPTED
        made = account_of(filled, host, given)
        if made is None:
            self._print(f"registered at {host}", "ok")
        else:
            self._print(f"{made.jid} was created", "ok")
            self._print(f"next: {self._next(str(made.jid))}")
        return ExitStatus.OK

    def _refuse_secrets(self, registration: Registration) -> None:
        """Raise `CommandError` for a secret field whose answer was an argument."""
        form = registration.form
        for name in self._fields:
            field = None if form is None else form.get(name)
            if field is not None and field.is_secret:
                raise CommandError(Problem(f"{name} is a secret, and no argument", *_SECRETS))

    def _show(self, host: str, registration: Registration) -> ExitStatus:
        form = registration.form
        if form is None:
            raise CommandError(elsewhere(host, registration))
        texts = dict.fromkeys((form.title, *form.instructions, registration.instructions))
        for text in [*filter(None, texts), *form_lines(form)]:
            self._print(text)
        if registration.url:
            self._print(f"or on the web: {registration.url}")
        return ExitStatus.OK

    def _next(self, account: str) -> str:
        """Return the command that signs in with the new account."""
        settings = self._settings
        words = ["xmppshell", "connect", account]
        named = {
            "--host": settings.host,
            "--port": settings.port,
            "--tls": settings.tls.value if settings.tls else None,
            "--ca-file": settings.ca_file,
        }
        for option, value in named.items():
            if value is not None:
                words += [option, str(value)]
        if settings.insecure:
            words.append("--insecure")
        return shlex.join(words)

    def _interview(self) -> Interview | None:
        if not self._environment.interactive:
            return None
        from .questions import TerminalInterview

        return TerminalInterview(self._print)

    # Output.

    def _print(self, text: str, role: str = "text") -> None:
        lines = safe(text)
        if self._environment.stdout.isatty():
            lines = fitted(lines, self._environment.width)
        print(
            self._theme.style(cast(Role, role), lines),
            file=self._environment.stdout,
            flush=True,
        )

    def _complain(self, problem: Problem) -> None:
        if self._steps.told(problem):
            return
        text = problem_lines(problem, self._errors, self._environment.width)
        print(text, file=self._environment.stderr, flush=True)

    def _step(self, record: Record) -> None:
        event = record.event
        if isinstance(event, WireEvent):
            return
        if not self._quiet or (isinstance(event, Notice) and event.warning):
            text = self._steps.render(record)
            if text is not None:
                print(text, file=self._environment.stderr, flush=True)


def secret_in(name: str) -> Problem | None:
    """Return what is wrong with giving the field `name` as an argument, or None."""
    if any(word in name.lower() for word in ("pass", "secret", "token")):
        return Problem(f"{safe_line(name)} is a secret, and no argument", *_SECRETS)
    return None
