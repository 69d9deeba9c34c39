"""The help, made from the declarations of the commands."""

from __future__ import annotations

from .desk import Desk
from .registry import GROUPS, Argument, Call, Command, Registry

INTRODUCTION = """\
Typing
  <…             XML: Enter sends what is complete; a paste waits for Enter
  /…             a command, or as much of its name as makes it clear
  @NAME <…       XML for another session than this one; F2 goes to the next one
  {id}           a fresh id; a stanza that has no id gets one by itself
  $me $bare      you, with the resource and without; $domain $user $resource
  $from $last    who wrote last, and the id that you sent last
  $$ {{id}}      a $ and an {id} that stand for themselves
  F1             explains the element at the cursor, or the last stanza
  Tab ↑ ↓ Esc    complete, choose from the menu, close it; Enter takes it
  ‹name› ‹name?› to be filled in, may be left out; Tab goes to the next
  Alt-Enter      begins a new line; Ctrl-R searches back
  Ctrl-X Ctrl-E  edits in $EDITOR
  Ctrl-C         clears the line; Ctrl-D closes every stream and leaves"""


MANUAL_OPTIONS = 3
"""A row of the manual names no more options than these."""


async def help_command(desk: Desk, call: Call) -> None:
    """Show all commands, or one in full."""
    name = call.get("name")
    if name is None:
        desk.screen.say(overview(desk.registry))
        return
    desk.screen.say(in_full(desk.registry.find(name.removeprefix("/"))))


def overview(registry: Registry) -> str:
    """Return the help that fits on a screen."""
    names = [command.name for command in registry.commands.values()]
    width = max(len(name) for name in names) + 1
    lines = [INTRODUCTION]
    for group, commands in registry.by_group().items():
        if commands:
            lines.append(f"{GROUPS[group]}")
            lines += [f"  {('/' + c.name).ljust(width)}  {c.summary}" for c in commands]
    lines.append("/help NAME says more of one")
    return "\n".join(lines)


def in_full(command: Command) -> str:
    """Return the help of one command: usage, what each part is, and examples."""
    lines = [command.usage, f"  {command.summary}"]
    rows = [(a.name.upper(), a.meaning) for a in command.arguments if a.meaning]
    rows += [(o.usage.strip("[]"), o.meaning) for o in command.options]
    width = max((len(name) for name, _ in rows), default=0)
    lines += [f"    {name.ljust(width)}  {meaning}" for name, meaning in rows]
    if command.details:
        lines += [f"  {line}" for line in command.details.splitlines()]
    if command.examples:
        lines.append("  for instance")
        lines += [f"    {example}" for example in command.examples]
    return "\n".join(lines)


def _short_usage(command: Command) -> str:
    """Return the usage for a table, where a long row of options is only mentioned."""
    if len(command.options) <= MANUAL_OPTIONS:
        return command.usage
    return " ".join([f"/{command.name}", *(a.usage for a in command.arguments), "[options]"])


def manual_table(registry: Registry) -> str:
    """Return the commands as a Markdown table, for the README."""
    lines = ["| command | what it does |", "|---|---|"]
    for commands in registry.by_group().values():
        for command in commands:
            usage = _short_usage(command).replace("|", "\\|")
            lines.append(f"| `{usage}` | {command.summary} |")
    return "\n".join(lines)


COMMANDS = (
    Command(
        "help",
        "help",
        "show the commands, or one of them in full",
        help_command,
        (Argument("name", "a command's name", optional=True, suggest="commands"),),
        examples=("/help", "/help filter"),
    ),
)
