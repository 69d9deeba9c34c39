"""The commands by which the server is told to misbehave, and to begin anew (XEP-0050).

Everybody may have faults in their own sessions. What concerns all (reset, clock, profile, faults
of others) is for servers that listen on loopback only, where all users are one person.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from ...protocol.data_forms import Field, FieldType, Form, Option
from ...protocol.jid import JID
from ...protocol.problem import ProblemError
from ..conduct.misbehaviour import FOREVER, KINDS, FaultKind, Faults, Moment
from ..conduct.profiles import Profile
from .commands import Command, Note, Outcome, Run

_ALL: Final = "all"

FAULT_BY_NAME: Final = "fault-by-name"
"""The node of the command whose form is short, for those who know what they want."""


class Controlled(Protocol):
    """What is controlled: the server."""

    @property
    def faults(self) -> Faults:
        """What goes wrong on demand."""

    @property
    def private(self) -> bool:
        """True if nobody else can use the server."""

    def reset_soon(self) -> None:
        """Begin anew once the answer to the present request is out."""

    def use_profile(self, profile: Profile) -> None:
        """Answer as the RFCs say, or as a server in use does."""

    def use_clock(self, *, fixed: bool) -> None:
        """Stop the clock and count the ids, or let both be real."""


def control_commands(server: Controlled) -> list[Command]:
    """Return the commands of `server`."""

    def private(jid: JID) -> bool:
        return server.private

    def disarm(run: Run) -> Outcome:
        name = run.text("fault")
        count = server.faults.disarm("" if name == _ALL else name)
        return _done("1 fault is disarmed" if count == 1 else f"{count} faults are disarmed")

    def reset(run: Run) -> Outcome:
        server.reset_soon()
        return _done("everything is as at the start; every connection is closed now")

    def clock(run: Run) -> Outcome:
        fixed = run.text("clock") == "fixed"
        server.use_clock(fixed=fixed)
        return _done("the clock stands still, and ids count" if fixed else "the clock is real")

    def profile(run: Run) -> Outcome:
        chosen = Profile(run.text("profile"))
        server.use_profile(chosen)
        return _done(f"the answers are those of the profile {chosen.value} from now on")

    faults = [Option(kind.name, f"{kind.name}: {kind.meaning}") for kind in KINDS.values()]
    profiles = [Option(each.value) for each in Profile]
    return [
        Command("fault", "Let something go wrong", _arm(server), (_fault_form(server, faults),)),
        Command(
            FAULT_BY_NAME,
            "Let something go wrong, by its name",
            _arm(server),
            (_fault_form(server, []),),
        ),
        Command(
            "disarm",
            "Let nothing go wrong any longer",
            disarm,
            (_choice("fault", "Which fault", [Option(_ALL), *faults], _ALL),),
            private,
        ),
        Command("reset", "Begin anew, as at the start", reset, (), private),
        Command(
            "clock",
            "Stop the clock, or let it go",
            clock,
            (_choice("clock", "Which clock", [Option("fixed"), Option("real")], "fixed"),),
            private,
        ),
        Command(
            "profile",
            "Answer as another server does",
            profile,
            (_choice("profile", "Whose answers", profiles, Profile.RFC.value),),
            private,
        ),
    ]


def _fault_form(server: Controlled, faults: list[Option]) -> Callable[[Run], Form]:
    """Return the form that asks for a fault: one of `faults`, or any if there are none to list."""
    kind = FieldType.LIST_SINGLE if faults else FieldType.TEXT_SINGLE

    def form(run: Run) -> Form:
        fields = [
            Field("fault", kind, "What goes wrong", required=True, options=tuple(faults)),
            Field("count", label=f"How often ({FOREVER}: until it is disarmed)"),
            Field("value", label="Its option, such as milliseconds or bytes"),
        ]
        if server.private:
            fields.append(Field("jid", FieldType.JID_SINGLE, "Whose session, if not this one"))
        return Form("form", tuple(fields), "A fault on demand")

    return form


def _arm(server: Controlled) -> Callable[[Run], Outcome]:
    def arm(run: Run) -> Outcome:
        name = run.text("fault")
        kind = KINDS.get(name)
        if kind is None:
            return Outcome((Note(f"there is no fault “{name}”", "error"),))
        if kind.moment is Moment.SIGNING_IN and not server.private:
            return Outcome((Note("this fault would be everybody's", "error"),))
        value, count = run.text("value"), run.text("count")
        if count and not (count.isascii() and count.isdecimal() and len(count) < 6):
            return Outcome((Note(f"“{count}” is not how often", "error"),))
        options = {kind.option.name if kind.option else "value": value} if value else {}
        jid = (server.private and run.text("jid")) or run.asker.jid
        whom = None if kind.moment is Moment.SIGNING_IN else jid
        # Whoever asked for it can sign in again afterwards, and have it disarmed.
        once = 1 if kind.moment is Moment.SIGNING_IN else None
        try:
            server.faults.arm(kind.name, whom, int(count) if count else once, **options)
        except ProblemError as error:
            problem = error.problem
            return Outcome((Note(f"{problem.what}: {problem.cure}", "error"),))
        return _done(described(kind))

    return arm


def described(kind: FaultKind) -> str:
    """Return what a fault does, when, and what a client should do about it."""
    return (
        f"{kind.name}: the server {kind.meaning}, {kind.moment.value}. "
        f"A client should {kind.client} ({kind.reference})."
    )


def _choice(name: str, label: str, options: list[Option], default: str) -> Callable[[Run], Form]:
    asked = Field(
        name,
        FieldType.LIST_SINGLE,
        label,
        required=True,
        values=(default,),
        options=tuple(options),
    )
    return lambda run: Form("form", (asked,), label)


def _done(text: str) -> Outcome:
    return Outcome((Note(text),))
