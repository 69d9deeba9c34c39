"""One-shot use without a terminal: send stanzas, print what comes, leave with a status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..commands.desk import ViewChoices
from ..commands.typed import context_of, send_composed, session_variables
from ..exit_status import ExitStatus
from ..fast_tokens import keep_tokens
from ..protocol.events import Bound, Direction, ElementSeen, Notice, WireEvent
from ..protocol.problem import Problem, ProblemError
from ..protocol.xml import Completeness, examine
from ..remembered import MechanismMemory, keep_mechanisms, with_floor
from ..session import Session, SessionError
from ..settings import Settings
from .recording import start_capture
from .stdin_lines import StdinLines
from .theme import Theme, colour_wanted
from .view import View, problem_lines, render_json, render_raw

if TYPE_CHECKING:
    from ..environment import Environment
    from ..feed import Record

ANSWER_SECONDS = 30.0
"""How long all answers may take together before the run fails."""


class Batch:
    """Sends the stanzas of `--execute` and of standard input, and prints what is received.

    `form` is "pretty", "raw" or "json"; `wait` is how many seconds to go on listening after the
    last answer. The steps of connecting go to standard error unless `quiet`.
    """

    def __init__(
        self,
        environment: Environment,
        settings: Settings,
        *,
        form: str = "pretty",
        wait: float = 0.0,
        quiet: bool = False,
        colour: bool | None = None,
    ) -> None:
        self._environment = environment
        self._settings = settings
        self._wait = wait
        self._quiet = quiet
        self._news = asyncio.Event()
        self._signed_in = False
        self._nobody_reads: BrokenPipeError | None = None
        out = colour_wanted(
            no_color=environment.no_color, is_tty=environment.stdout.isatty(), forced=colour
        )
        err = colour_wanted(
            no_color=environment.no_color, is_tty=environment.stderr.isatty(), forced=colour
        )
        self._errors = Theme(err)
        choices = ViewChoices()
        self._steps = View(Theme(err), lambda: environment.width, choices)
        answers = View(Theme(out), lambda: environment.width, choices)
        renderers: dict[str, Callable[[Record], str | None]] = {
            "pretty": answers.in_full,
            "raw": partial(render_raw, exact=not environment.stdout.isatty()),
            "json": render_json,
        }
        self._render = renderers[form]

    async def run(self, stanzas: Sequence[str], *, stdin: bool) -> ExitStatus:
        """Send `stanzas`, then those of standard input if `stdin`; return the exit status."""
        memory = MechanismMemory(self._environment.mechanisms_file)
        settings = with_floor(self._settings, memory)
        session = Session(self._settings.jid.local or "main", settings)
        keep_mechanisms(session, memory, self._complain)
        keep_tokens(session, self._environment.tokens_folder, self._complain)
        session.feed.subscribe(self._record)
        capture = start_capture(self._environment, self._settings, self._complain)
        session.feed.subscribe(capture.write)
        try:
            await session.open()
            status = await self._converse(session, stanzas, stdin)
            await session.close()
            return status
        except ProblemError as error:
            self._complain(error.problem)
            lost = not session.connected
            await session.close()
            return ExitStatus.CONNECTION if lost else ExitStatus.ERROR
        finally:
            capture.close()

    async def _converse(self, session: Session, stanzas: Sequence[str], stdin: bool) -> ExitStatus:
        for stanza in stanzas:
            await self._send(session, stanza)
        if stdin:
            async for stanza in self._typed(session):
                await self._send(session, stanza)
        return await self._finish(session)

    async def _send(self, session: Session, text: str) -> None:
        """Send `text` once its variables are filled in; raises ProblemError."""
        self._check(session)
        await send_composed(session, text, session_variables(session))

    def _check(self, session: Session) -> None:
        """Raise what keeps this run from going on, if anything does."""
        if self._nobody_reads is not None:
            raise self._nobody_reads
        if not session.connected:
            raise SessionError(session.problem or Problem("the server closed the stream"))

    async def _typed(self, session: Session) -> AsyncIterator[str]:
        """Give the top-level elements of standard input, each as soon as it is complete."""
        lines = StdinLines(self._environment.stdin.fileno())
        waiting, first = "", 1
        while line := await self._or_lost(session, asyncio.ensure_future(lines.next())):
            if not waiting.strip():
                waiting, first = "", lines.number
            waiting += line
            examination = examine(waiting, context_of(session))
            if examination.error is not None:
                # Once more with the lines before it, so that every line number is of the input.
                there = "\n" * (first - 1) + waiting
                error = examine(there, context_of(session)).error or examination.error
                raise _at(error.line, error.problem)
            if examination.completeness is Completeness.COMPLETE:
                yield waiting
                waiting = ""
        if waiting.strip():
            raise _at(first, Problem("standard input ended inside an element", "", "close it"))

    async def _or_lost(self, session: Session, reading: asyncio.Future[str]) -> str:
        """Wait for a line, but not beyond the end of the connection."""
        closing = asyncio.create_task(session.wait_closed())
        both: set[asyncio.Future[Any]] = {reading, closing}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closing.cancel()
        if not reading.done():
            reading.cancel()
            self._check(session)
        return await reading

    async def _finish(self, session: Session) -> ExitStatus:
        """Wait until every iq is answered, then `wait` seconds more."""
        deadline = asyncio.get_running_loop().time() + ANSWER_SECONDS
        while session.exchanges.waiting() and session.connected:
            self._check(session)
            self._news.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()
            except TimeoutError:
                ids = ", ".join(p.stanza.id or "" for p in session.exchanges.waiting())
                self._complain(
                    Problem(
                        f"no answer within {ANSWER_SECONDS:.0f} s to {ids}",
                        "the addressee is gone, or the server drops the request",
                        "send it by hand in the shell and look at what comes",
                    )
                )
                return ExitStatus.ERROR
        if session.connected and self._wait:
            closed = asyncio.ensure_future(session.wait_closed())
            await asyncio.wait([closed], timeout=self._wait)
            closed.cancel()
        self._check(session)
        return ExitStatus.OK

    def _record(self, record: Record) -> None:
        self._news.set()
        event = record.event
        if isinstance(event, WireEvent):
            if self._is_news(event):
                self._print(self._render(record))
            return
        if isinstance(event, Bound):
            self._signed_in = True
        if not self._quiet or (isinstance(event, Notice) and event.warning):
            text = self._steps.render(record)
            if text is not None:
                print(text, file=self._environment.stderr, flush=True)

    def _is_news(self, event: WireEvent) -> bool:
        """Say whether to print an event: a stanza that came after the negotiation."""
        stanza = event.stanza if isinstance(event, ElementSeen) else None
        return stanza is not None and self._signed_in and event.direction is Direction.RECEIVED

    def _print(self, text: str | None) -> None:
        if text is None or self._nobody_reads is not None:
            return
        try:
            print(text, file=self._environment.stdout, flush=True)
        except BrokenPipeError as error:
            self._nobody_reads = error

    def _complain(self, problem: Problem) -> None:
        if self._steps.told(problem):
            return
        print(
            problem_lines(problem, self._errors, self._environment.width),
            file=self._environment.stderr,
            flush=True,
        )


def _at(line: int, problem: Problem) -> ProblemError:
    return ProblemError(
        Problem(f"line {line}: {problem.what}", problem.cause, problem.cure, problem.reference)
    )
