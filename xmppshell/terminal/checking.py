"""`xmppshell check`: look at a server, tell what was found, and leave with a status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..checkup.as_json import as_json
from ..checkup.findings import Finding, Level, worst
from ..checkup.probes import examine
from ..checkup.report import findings
from ..exit_status import ExitStatus
from .checkup_view import checkup_lines
from .safe_text import safe_line
from .theme import Theme, colour_wanted

if TYPE_CHECKING:
    from ..checkup.facts import Facts
    from ..checkup.plan import Plan
    from ..environment import Environment


class CheckRun:
    """One run of `xmppshell check`: with `json_wanted` for programs, otherwise for people.

    With `strict` warnings count as failures do.
    """

    def __init__(
        self,
        environment: Environment,
        plan: Plan,
        *,
        json_wanted: bool = False,
        strict: bool = False,
        colour: bool | None = None,
    ) -> None:
        self._environment = environment
        self._plan = plan
        self._json = json_wanted
        self._strict = strict
        self._theme = Theme(
            colour_wanted(
                no_color=environment.no_color, is_tty=environment.stdout.isatty(), forced=colour
            )
        )

    async def run(self) -> ExitStatus:
        """Look, tell, and return the exit status.

        Raises ConnectionFailed for a domain that cannot be one, and for a CA file that cannot be
        used.
        """
        facts = await examine(self._plan, self._note)
        self._note("")
        found = findings(facts)
        if self._json:
            text = json.dumps(as_json(facts, found), indent=2)
        else:
            text = checkup_lines(facts, found, self._theme, self._environment.width)
        print(text, file=self._environment.stdout, flush=True)
        return status_of(facts, found, strict=self._strict)

    def _note(self, text: str) -> None:
        """Show what is being looked at, in place, to somebody who waits for it."""
        stderr = self._environment.stderr
        plain = self._environment.variables.get("TERM") == "dumb"
        if stderr.isatty() and not self._json and not plain:
            shown = safe_line(text)
            stderr.write(f"\r{shown[: self._environment.width - 1]}\x1b[K")
            stderr.flush()


def status_of(facts: Facts, found: list[Finding], *, strict: bool) -> ExitStatus:
    """Return what to leave with: 0 fine, 1 for failures, 3 if nothing could be reached."""
    if not facts.reachable:
        return ExitStatus.CONNECTION
    bad = {Level.FAILURE, Level.WARNING} if strict else {Level.FAILURE}
    return ExitStatus.ERROR if worst(found) in bad else ExitStatus.OK
