"""Reading a transcript from its file, with the scripts that it includes."""

from __future__ import annotations

from pathlib import Path

from ..protocol.problem import Problem
from .places import Fault, Place, ScriptError
from .reading import read_script
from .script import Script

MAX_DEPTH = 16
"""How deep scripts may include each other."""


def load_script(path: Path) -> Script:
    """Read the script in a file, and what it includes, by paths that start at its own folder.

    Raises `ScriptError` for mistakes in it, and for a file that cannot be read.
    """
    return read_script(_text(path, Place(str(path), 1, 1)), str(path), Includes(path))


class Includes:
    """Opens the files that a script includes, and those that they include."""

    def __init__(self, first: Path) -> None:
        self._above: dict[str, tuple[str, ...]] = {str(first): (str(first.resolve()),)}

    def __call__(self, path: str, place: Place) -> tuple[str, str]:
        """Return the name and the text of the file at `path`, which is included at `place`."""
        found = Path(place.file).parent / path
        above = self._above[place.file]
        real = str(found.resolve())
        if real in above:
            raise _error(place, f"{path} includes itself", "leave this line out", len(path))
        if len(above) >= MAX_DEPTH:
            what = f"scripts include each other more than {MAX_DEPTH} deep"
            raise _error(place, what, "include fewer", len(path))
        text = _text(found, place)
        self._above[str(found)] = (*above, real)
        return str(found), text


def _text(path: Path, place: Place) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        what = f"{path} is not UTF-8: byte {error.start + 1} begins no character"
        raise _error(place, what, "save it as UTF-8") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _error(place, f"{path} cannot be read: {reason}", "check the path") from error


def _error(place: Place, what: str, cure: str, width: int = 1) -> ScriptError:
    return ScriptError([Fault(place, Problem(what, "", cure), "", width)])
