"""The interactive shell: connect, then read, do and show until the user leaves.

prompt_toolkit is imported only after the stream is open, since it takes longer to load than a
server takes to let us in.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from ..commands.all_commands import build_registry, run_command
from ..commands.desk import Desk, ViewChoices
from ..commands.settings import apply_looks
from ..configuration.layers import COMMAND_LINE, layer_of
from ..configuration.reading import preferences_at
from ..exit_status import ExitStatus
from ..protocol.problem import Problem, ProblemError
from ..remembered import MechanismMemory
from ..templates.shelf import Shelf
from .printer import Printer
from .recording import start_capture
from .screen import ShellScreen
from .theme import Theme, colour_wanted

if TYPE_CHECKING:
    from ..environment import Environment
    from ..settings import Settings
    from ..transcript.capture import CaptureWriter

WELCOME = """\
not connected. The first things one can do:
  /connect juliet@example.org  open a stream and sign in
  /help                        the commands, and how to type XML
  Ctrl-D                       leave; `xmppshell demo` brings a server to try"""

_NEXT_COMMAND = re.compile(r"\n(?=/[a-z])")


class Shell:
    """One run of the interactive shell; `environment` is the terminal it runs in.

    It begins as the configuration says, whose mistakes raise `ConfigurationError`; `colour` is
    what the command line says instead. `greeting` is said before the first prompt. Without
    `remember`, no mechanism is remembered of any account.
    """

    def __init__(
        self, environment: Environment, *, colour: bool | None = None, remember: bool = True
    ) -> None:
        self._environment = environment
        config = environment.config_file
        wanted = colour_wanted(
            no_color=environment.no_color, is_tty=environment.stdout.isatty(), forced=None
        )
        preferences = preferences_at(
            config,
            environment.short(config),
            given=layer_of({} if colour is None else {"color": colour}, COMMAND_LINE),
            found=layer_of({"color": wanted}, "the terminal"),
        )
        self._printer = Printer(self._write)
        choices = ViewChoices()
        self.screen = ShellScreen(self._printer, Theme(wanted), choices, lambda: environment.width)
        self.desk = Desk(
            build_registry(),
            self.screen,
            self._open_capture,
            view=choices,
            preferences=preferences,
            memory=MechanismMemory(environment.mechanisms_file) if remember else None,
            tokens_folder=environment.tokens_folder if remember else None,
            templates=Shelf(environment.templates_folder, environment.short),
        )
        self._captures: list[CaptureWriter] = []
        self._work: asyncio.Task[None] | None = None
        self._terminated = False
        self.greeting = ""
        apply_looks(self.desk)

    def _write(self, text: str) -> None:
        self._environment.stdout.write(text)
        self._environment.stdout.flush()

    def _open_capture(self, settings: Settings) -> CaptureWriter:
        capture = start_capture(self._environment, settings, self.screen.problem)
        self._captures.append(capture)
        return capture

    async def run(self, settings: Settings | None, name: str = "") -> ExitStatus:
        """Connect if `settings` are given, then serve the prompt; return the exit status.

        The session is called `name`, or after the account.
        """
        from .tty_modes import quiet

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._terminate)
        with quiet(self._environment.stdin):
            return await self._run(settings, name)

    async def _run(self, settings: Settings | None, name: str) -> ExitStatus:
        try:
            if settings is None:
                self.screen.say(WELCOME)
            else:
                try:
                    await self._interruptible(self.desk.connect(settings, name))
                except ProblemError as error:
                    self.screen.problem(error.problem)
                    if not self._may_follow():
                        return ExitStatus.CONNECTION
                except asyncio.CancelledError:
                    return ExitStatus.INTERRUPTED
            if self.greeting:
                self.screen.say(self.greeting)
            await self._serve()
            return self._status()
        finally:
            await self._leave()

    def _may_follow(self) -> bool:
        """Say whether the server sent us elsewhere, which is for the user to decide."""
        session = self.desk.session
        return session is not None and session.redirect is not None

    async def _serve(self) -> None:
        from .keyboard import Keyboard
        from .prompt import Prompt

        keyboard = Keyboard(self._environment.stdin)
        prompt = Prompt(
            self.desk,
            self._environment.history_file,
            self.screen.colour(None),
            keyboard,
            warn=lambda text: self.screen.say(text, "warning"),
        )
        prompt.editing(self.screen.editing(None))
        self.screen.prompt = prompt
        self._printer.above(keyboard.write_above)
        if self.desk.session is not None:
            self.screen.offer_proposal(self.desk.session)
        try:
            while not self.screen.leaving:
                try:
                    text = await prompt.ask()
                except EOFError:
                    return
                except KeyboardInterrupt:
                    continue
                for line in _inputs(text):
                    await self._do(line)
        finally:
            self._printer.above(None)
            self.screen.prompt = None

    async def _do(self, text: str) -> None:
        """Run a command or send XML; whatever goes wrong is said, and the shell goes on."""
        work = run_command(self.desk, text) if text.startswith("/") else self.desk.send(text)
        try:
            await self._interruptible(work)
        except ProblemError as error:
            self.screen.problem(error.problem)
        except asyncio.CancelledError:
            self.screen.problem(Problem("interrupted"))
        await self._printer.settle()

    async def _interruptible(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` so that Ctrl-C ends it and not the shell; raises CancelledError then."""
        loop = asyncio.get_running_loop()
        self._work = loop.create_task(work)
        loop.add_signal_handler(signal.SIGINT, self._work.cancel)
        try:
            await self._work
        finally:
            self._work = None
            loop.remove_signal_handler(signal.SIGINT)

    def _terminate(self) -> None:
        """Leave properly, and leave the terminal as it was found, when told to by SIGTERM."""
        self._terminated = True
        self.screen.leave()
        if self._work is not None:
            self._work.cancel()
        elif self.screen.prompt is not None:
            self.screen.prompt.leave()

    async def _leave(self) -> None:
        try:
            await self._interruptible(self.desk.close_all())
        except asyncio.CancelledError:
            for session in self.desk.sessions:
                await session.drop()
        except ProblemError as error:
            self.screen.problem(error.problem)
        await self._printer.settle()
        for capture in self._captures:
            capture.close()

    def _status(self) -> ExitStatus:
        """Return the exit status: a failure if the last connection was lost or did not come."""
        if self._terminated:
            return ExitStatus.INTERRUPTED
        session = self.desk.session
        failed = session is not None and (session.problem is not None or session.stream is None)
        return ExitStatus.CONNECTION if failed else ExitStatus.OK


def _inputs(text: str) -> list[str]:
    """Return what was typed or pasted as single inputs: each command that begins a line."""
    stripped = text.strip()
    return _NEXT_COMMAND.split(stripped) if stripped.startswith("/") else [stripped]
