"""Commands for keeping: transcripts and what was typed."""

from __future__ import annotations

from ..protocol.problem import Problem
from .desk import Desk, path_of
from .registry import Argument, Call, Command, CommandError, Option

HISTORY_SHOWN = 20


async def save(desk: Desk, call: Call) -> None:
    """Write what happened in the present session as a transcript."""
    from ..transcript.writer import save as save_file
    from ..transcript.writer import write_transcript

    session = desk.session
    if session is None:
        raise CommandError(Problem("there is nothing to save", "no session yet", "/connect JID"))
    path = path_of(call["file"])
    if not path.suffix:
        path = path.with_suffix(".scs")
    text = write_transcript(
        [record for record in desk.log.records if record.session == session.name],
        title=call.get("title") or f"A session of {session.settings.jid.bare}",
        account=session.jid or session.settings.jid,
    )
    save_file(path, text, force=call.has("force"))
    desk.screen.say(f"saved to {path}", "ok")


async def history(desk: Desk, call: Call) -> None:
    """Show what was typed, oldest first."""
    words = call.get("words")
    typed = [line for line in desk.screen.typed() if words is None or words in line]
    if not typed:
        desk.screen.say("nothing was typed yet" if words is None else f"nothing with “{words}”")
        return
    desk.screen.say("\n".join(line.replace("\n", "\n  ") for line in typed[-HISTORY_SHOWN:]))


COMMANDS = (
    Command(
        "save",
        "keep",
        "write the session to a file as a readable transcript (.scs)",
        save,
        (Argument("file", "the file to write"),),
        (
            Option("--title", "the transcript's title", "TITLE"),
            Option("--force", "write over a file that is there"),
        ),
        details="Passwords and SASL payloads are never written.",
        examples=("/save first-steps.scs",),
    ),
    Command(
        "history",
        "keep",
        "show what was typed; Ctrl-R searches it",
        history,
        (Argument("words", "only what holds these words", True, rest=True),),
    ),
)
