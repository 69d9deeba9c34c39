"""All templates: those that come with the program, and those in the user's folder.

The files of the program are read when one of their templates is needed, those of the user
whenever they have changed.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..protocol.problem import Problem, ProblemError

if TYPE_CHECKING:
    from .model import Group, Template
    from .reading import Reading

ORDER: Final = (
    "message",
    "presence",
    "iq",
    "roster",
    "disco",
    "query",
    "chat",
    "muc",
    "history",
    "pep",
    "storage",
    "profile",
    "privacy",
    "files",
    "adhoc",
    "account",
    "nonza",
)
"""The groups that come with the program, in the order in which they are listed."""


class UnknownTemplate(ProblemError):
    """There is no template, or no group, of that name."""


class CannotSave(ProblemError):
    """A template cannot be written into the user's folder."""


@dataclass
class _OwnFile:
    """A file of the user's as it was last read."""

    stamp: tuple[int, int]
    reading: Reading


class Shelf:
    """Finds templates by name and by group.

    `folder` holds the user's own, and need not exist; `short` says how messages name a file. A
    template of the user's stands in for one of the same name that comes with the program.
    """

    def __init__(self, folder: Path | None = None, short: Callable[[Path], str] = str) -> None:
        self.folder = folder
        self.short = short
        self._own: dict[Path, _OwnFile] = {}
        self._told: set[Problem] = set()
        self._unreadable: Problem | None = None

    def names(self) -> list[str]:
        """Return the names of all templates, those of the user first."""
        own = [template.name for template in self._own_templates()]
        return list(dict.fromkeys([*own, *_shipped_names()]))

    def groups(self) -> dict[str, str]:
        """Return the title of each group by its name."""
        from .reading import title_in

        found = {name: title_in(_texts()[name]) for name in ORDER}
        for each in self._readings():
            found.setdefault(each.group.name, each.group.title)
        return found

    def find(self, name: str) -> Template:
        """Return the template of that name, or the only one whose name begins or ends so.

        The end counts from a dot: `join` is muc.join. Raises `UnknownTemplate` with near names.
        """
        names = self.names()
        if name not in names:
            near = [each for each in names if each.startswith(name)] if name else []
            near = near or [each for each in names if each.endswith(f".{name}")]
            if len(near) != 1:
                raise _unknown(name, near, names, mistaken=bool(self._told))
            name = near[0]
        for template in self._own_templates():
            if template.name == name:
                return template
        return shipped(name)

    def stands_in(self, template: Template) -> bool:
        """Say whether a template of the user's stands in for one that comes with the program."""
        return bool(template.source) and template.name in _shipped_names()

    def group(self, name: str) -> Group:
        """Return the templates of a group; raises `UnknownTemplate` with near names."""
        import difflib

        from .model import Group

        groups = self.groups()
        if name not in groups:
            starts = [each for each in groups if each.startswith(name)] if name else []
            if len(starts) != 1:
                near = starts or difflib.get_close_matches(name, groups, n=3)
                cure = f"perhaps {' or '.join(near)}" if near else f"there are {', '.join(groups)}"
                raise UnknownTemplate(Problem(f"there is no group {name}", "", cure))
            name = starts[0]
        own = self._own_templates()
        over = {template.name for template in own}
        theirs = _shipped_group(name).templates if name in ORDER else ()
        kept = [template for template in theirs if template.name not in over]
        kept += [template for template in own if template.group == name]
        return Group(name, groups[name], tuple(kept))

    def mistakes(self, *, again: bool = False) -> list[Problem]:
        """Return what is wrong in the user's files and was not returned before; `again` all."""
        found = [problem for each in self._readings() for problem in each.problems]
        found += self._clashes()
        if self._unreadable is not None:
            found.append(self._unreadable)
        news = [problem for problem in found if problem not in self._told]
        self._told = set(found)
        return found if again else news

    # The user's own.

    def save(self, name: str, text: str, *, replacing: bool = False) -> Path:
        """Write a file with one new template into the user's folder, whole or not at all.

        A template of that name is replaced only if asked for. Returns the file; raises
        `CannotSave`.
        """
        self.check_free(name, replacing=replacing)
        path = self._path(name)
        beside = path.parent / f".{name}.new"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.unlink(missing_ok=True)
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(text.encode())
            if replacing:
                beside.replace(path)
            else:
                os.link(beside, path)  # Fails if somebody else made the file meanwhile.
                beside.unlink()
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink()
            what = f"{self.short(path)} cannot be written: {error.strerror}"
            raise CannotSave(Problem(what, "", "check the folder")) from error
        return path

    def check_free(self, name: str, *, replacing: bool = False) -> None:
        """Raise `CannotSave` if a new template cannot be called `name`."""
        path = self._path(name)
        there = next((t.source for t in self._own_templates() if t.name == name), "")
        if there and there != self.short(path):
            what = f"there is a template {name} in {there}"
            raise CannotSave(Problem(what, "", "change it there, or take another name"))
        if replacing:
            return
        cure = "take another name; --force replaces it"
        if there or path.exists():
            raise CannotSave(Problem(f"there is a {self.short(path)} already", "", cure))
        if name in _shipped_names():
            what = f"there is a template {name}, which comes with xmppshell"
            raise CannotSave(Problem(what, "", "take another name; --force stands in for it"))

    def _path(self, name: str) -> Path:
        """Return the file of a template that is saved as `name`; raises `CannotSave`."""
        from .reading import NAME

        if self.folder is None or not NAME.fullmatch(name):
            what = f"“{name}” cannot be the name of a template"
            raise CannotSave(Problem(what, "", "use letters, digits, dots, - and _"))
        return self.folder / f"{name}.toml"

    def _own_templates(self) -> list[Template]:
        """Return the user's templates; of two with the same name the first."""
        found: dict[str, Template] = {}
        for each in self._readings():
            for template in each.group.templates:
                found.setdefault(template.name, template)
        return list(found.values())

    def _clashes(self) -> Iterable[Problem]:
        first: dict[str, str] = {}
        for each in self._readings():
            for template in each.group.templates:
                there = first.setdefault(template.name, template.source)
                if there != template.source:
                    what = f"{template.source}: there is a {template.name} in {there}, too"
                    yield Problem(what, "that one counts", "call one of them differently")

    def _readings(self) -> list[Reading]:
        """Return the user's files, by name, each read again if it has changed."""
        if self.folder is None:
            return []
        self._unreadable = None
        try:
            paths = sorted(path for path in self.folder.iterdir() if path.suffix == ".toml")
        except FileNotFoundError:
            paths = []
        except OSError as error:
            paths = []
            self._unreadable = self._problem(self.folder, error)
        self._own = {
            path: own
            for path in paths
            if (own := self._read(path, self._own.get(path))) is not None
        }
        return [own.reading for own in self._own.values()]

    def _read(self, path: Path, known: _OwnFile | None) -> _OwnFile | None:
        from .model import Group
        from .reading import Reading, read

        try:
            status = path.stat()
            stamp = status.st_mtime_ns, status.st_size
            if known is not None and known.stamp == stamp:
                return known
            text = path.read_bytes().decode("utf-8-sig")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            problem = self._problem(path, error)
            return _OwnFile((0, 0), Reading(Group(path.stem, path.stem), (problem,)))
        return _OwnFile(stamp, read(text, group=path.stem, file=self.short(path), own=True))

    def _problem(self, path: Path, error: OSError | UnicodeDecodeError) -> Problem:
        name = self.short(path)
        if isinstance(error, UnicodeDecodeError):
            return Problem(f"{name} is not UTF-8 text", "", "save it as UTF-8")
        return Problem(f"{name} cannot be read: {error.strerror}", "its permissions", "")


def _unknown(name: str, near: list[str], names: list[str], *, mistaken: bool) -> UnknownTemplate:
    import difflib

    if near:
        what = f"{name} could be more than one template"
        return UnknownTemplate(Problem(what, "", " or ".join(near[:6])))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    close = close or [each for each in names if name and name.lower() in each][:3]
    cure = (
        f"perhaps {' or '.join(close)}"
        if close
        else "/templates, or `xmppshell template`, lists them all"
    )
    cause = "one with a mistake is left out: /templates tells which" if mistaken else ""
    return UnknownTemplate(Problem(f"there is no template {name}", cause, cure))


# Those that come with the program.


@functools.cache
def _texts() -> dict[str, str]:
    """Return the files that come with the program, by the group that each holds."""
    from importlib.resources import files

    data = files(__package__) / "data"
    return {name: (data / f"{name}.toml").read_text("utf-8") for name in ORDER}


@functools.cache
def _shipped_names() -> dict[str, str]:
    """Return the group of each template that comes with the program, by the template's name."""
    from .reading import names_in

    return {name: group for group, text in _texts().items() for name in names_in(text)}


@functools.cache
def _shipped_group(name: str) -> Group:
    from .reading import read, title_in

    reading = read(_texts()[name], group=name, file=f"{name}.toml")
    if reading.problems:
        raise ValueError("; ".join(problem.what for problem in reading.problems))
    return replace(reading.group, title=title_in(_texts()[name]))


def shipped(name: str) -> Template:
    """Return a template that comes with the program; raises KeyError if there is none."""
    group = _shipped_group(_shipped_names()[name])
    return next(template for template in group.templates if template.name == name)
