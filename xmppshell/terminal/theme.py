"""The palette: what each part of the screen looks like, for output and for typed input alike.

Only the sixteen ANSI colours and the terminal's own foreground are used, so that the user's
light or dark theme decides the shades; yellow is kept for warnings, which carry a mark as well.
No meaning is carried by colour alone.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Role = Literal[
    "tag",
    "attribute",
    "value",
    "namespace",
    "text",
    "comment",
    "entity",
    "cdata",
    "sent",
    "received",
    "auto",
    "error",
    "warning",
    "ok",
    "dim",
    "heading",
    "prompt",
    "number",
    "time",
    "step",
    "command",
    "variable",
    "placeholder",
    "session1",
    "session2",
    "session3",
    "session4",
    "session5",
]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
SESSION_ROLES: Final[tuple[Role, ...]] = tuple(r for r in ROLES if r.startswith("session"))

# Each role as space-separated words: a colour of the sixteen, "bold", "dim"; "" is plain.
_PALETTE: Final[dict[Role, str]] = {
    "tag": "brightblue",
    "attribute": "cyan",
    "value": "green",
    "namespace": "dim",
    "text": "",
    "comment": "dim",
    "entity": "magenta",
    "cdata": "magenta",
    "sent": "bold magenta",
    "received": "bold cyan",
    "auto": "magenta",
    "error": "bold red",
    "warning": "yellow",
    "ok": "green",
    "dim": "dim",
    "heading": "bold",
    "prompt": "bold",
    "number": "bold",
    "time": "dim",
    "step": "green",
    "command": "bold cyan",
    "variable": "magenta",
    "placeholder": "bold cyan",
    "session1": "cyan",
    "session2": "magenta",
    "session3": "green",
    "session4": "brightblue",
    "session5": "red",
}

_COLOURS: Final = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_SGR: Final[dict[str, str]] = (
    {"bold": "1", "dim": "2"}
    | {name: str(30 + index) for index, name in enumerate(_COLOURS)}
    | {f"bright{name}": str(90 + index) for index, name in enumerate(_COLOURS)}
)
_RESET: Final = "\x1b[0m"


def _prompt_style(words: str) -> str:
    """Return palette words as prompt_toolkit writes them: colours have the prefix `ansi`.

    prompt_toolkit calls the colours of SGR 37 and 90 differently; neither is in the palette.
    """
    return " ".join(word if word in ("bold", "dim") else f"ansi{word}" for word in words.split())


PROMPT_STYLES: Final[dict[str, str]] = {
    role: _prompt_style(words) for role, words in _PALETTE.items()
}
"""The same palette as prompt_toolkit style strings, by role: the classes of typed input."""


class Theme:
    """Turns a role and a text into what is written to the terminal."""

    def __init__(self, colour: bool) -> None:
        """Make a theme; with `colour` False every role is plain text."""
        self.switch(colour)

    def switch(self, colour: bool) -> None:
        """Use colour from now on, or none."""
        self.colour = colour
        self._codes: dict[Role, tuple[str, str]] = {
            role: _codes(words) if colour else ("", "") for role, words in _PALETTE.items()
        }

    def codes(self, role: Role) -> tuple[str, str]:
        """Return what to write before and after text of `role`, both "" if it is plain."""
        return self._codes[role]

    def style(self, role: Role, text: str) -> str:
        """Return `text` in the look of `role`.

        Each line is styled by itself, so that a text can be folded between any two lines.
        """
        start, end = self._codes[role]
        if not start or not text:
            return text
        if "\n" in text:
            text = text.replace("\n", f"{end}\n{start}")
        return f"{start}{text}{end}"


def session_role(number: int) -> Role:
    """Return the role of a session by its number from 0; there are fewer roles than numbers."""
    return SESSION_ROLES[number % len(SESSION_ROLES)]


def _codes(words: str) -> tuple[str, str]:
    """Return the SGR sequences (ECMA-48 8.3.117) that begin and end a look."""
    if not words:
        return "", ""
    return f"\x1b[{';'.join(_SGR[word] for word in words.split())}m", _RESET


def colour_wanted(no_color: bool, is_tty: bool, forced: bool | None) -> bool:
    """Decide whether to use colour.

    `forced` is what the user asked for on the command line, None for nothing; `no_color` says
    that NO_COLOR is set and not empty; `is_tty` that the output is a terminal.
    """
    if forced is not None:
        return forced
    return is_tty and not no_color
