"""The rules of the house, as checks on source text.

Each check takes the sources by their path in the repository and gives what breaks a rule, with
the file, the line and the rule. `test_house.py` applies them to the package.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

PACKAGE = "xmppshell"

LEVELS = {
    "protocol": 0,
    "environment": 1,
    "exit_status": 1,
    "configuration": 2,
    "knowledge": 2,
    "templates": 2,
    "network": 2,
    "passwords": 2,
    "feed": 2,
    "pilot": 3,
    "reconnect": 3,
    "settings": 4,
    "session": 5,
    "checkup": 6,
    "remembered": 6,
    "fast_tokens": 6,
    "transcript": 6,
    "practice": 6,
    "classroom": 7,
    "commands": 8,
    "terminal": 9,
    "cli": 10,
    "__main__": 11,
}
"""The rooms from the bottom up: each may import those on lower levels, and itself."""

PROTOCOL_ONLY = {"configuration", "knowledge", "templates"}
"""Rooms that import nothing of the house besides `protocol`."""

FOR_EVERY_ROOM = {"environment", "exit_status"}
"""What every room above `protocol` may import."""


@dataclass(frozen=True)
class Reserved:
    """Modules that only one room may import."""

    modules: frozenset[str]
    room: str
    rule: str


RESERVED = (
    Reserved(frozenset({"prompt_toolkit"}), "terminal", "prompt_toolkit only in terminal/"),
    Reserved(
        frozenset(
            {"socket", "_socket", "socketserver", "ssl", "_ssl", "dns", "OpenSSL", "websockets"}
            | {"http", "urllib.request", "smtplib", "ftplib", "requests", "httpx", "aiohttp"}
        ),
        "network",
        "sockets, TLS and DNS only in network/",
    ),
    Reserved(frozenset({"platformdirs"}), "environment", "platformdirs only in environment.py"),
)

ENVIRONMENT_NAMES = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}

IMPURE_MODULES = {
    "asyncio", "concurrent", "curses", "fcntl", "fileinput", "getpass", "glob", "logging",
    "multiprocessing", "os", "pathlib", "pty", "readline", "sched", "select", "selectors",
    "shutil", "signal", "sqlite3", "subprocess", "sys", "tempfile", "termios", "threading",
    "time", "tty", "urllib.request",
}  # fmt: skip
"""What has no place in `protocol`, besides what is reserved for another room."""

IMPURE_CALLS = {"open", "print", "input"}
CLOCK_CALLS = {"now", "utcnow", "today"}
FILE_CALLS = {"read_text", "read_bytes", "write_text", "write_bytes"}

DISTRIBUTIONS = {
    "dns": "dnspython",
    "OpenSSL": "pyopenssl",
    "precis_i18n": "precis-i18n",
    "prompt_toolkit": "prompt-toolkit",
}
"""Where the name to import differs from the name to install."""

TYPING_ONLY = {"_typeshed"}
"""Importable while types are checked, and of no package."""


@dataclass(frozen=True, order=True)
class Violation:
    """One place that breaks one rule."""

    path: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}"


@dataclass(frozen=True)
class Import:
    """One imported module by its full name."""

    module: str
    line: int
    nested: bool


# Reading sources.


def room_of(path: str) -> str:
    """Give the room of a file; "" for the package's own `__init__.py`."""
    parts = PurePosixPath(path).with_suffix("").parts[1:]
    return "" if parts == ("__init__",) else parts[0]


def imports_of(path: str, source: str) -> Iterator[Import]:
    """Find every import, at module level or nested, relative or not, or by `import_module`."""
    tree = ast.parse(source, path)
    yield from _imports_in(tree, _package_of(path), nested=False)


def _imports_in(node: ast.AST, package: list[str], nested: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for name in child.names:
                yield Import(name.name, child.lineno, nested)
        elif isinstance(child, ast.ImportFrom):
            base = _base_of(child, package)
            for name in child.names:
                yield Import(f"{base}.{name.name}", child.lineno, nested)
        elif isinstance(child, ast.Call):
            yield from _imported_by_call(child, nested)
        inside = nested or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _imports_in(child, package, inside)


def _base_of(node: ast.ImportFrom, package: list[str]) -> str:
    if not node.level:
        return node.module or ""
    kept = package[: len(package) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _imported_by_call(call: ast.Call, nested: bool) -> Iterator[Import]:
    """Find `import_module("name")` and `__import__("name")` with a literal name."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in {"import_module", "__import__"} and call.args:
        argument = call.args[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield Import(argument.value, call.lineno, nested)


def _package_of(path: str) -> list[str]:
    """Give the package that relative imports of the file start from."""
    return list(PurePosixPath(path).parent.parts)


def _is_of(module: str, names: Iterable[str]) -> bool:
    """Whether the module is one of the names or lies within one."""
    return any(module == name or module.startswith(f"{name}.") for name in names)


def _imported_room(module: str) -> str | None:
    """Give the room of the house that a module belongs to, or None for a foreign module."""
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return None
    return parts[1] if len(parts) > 1 and parts[1] in LEVELS else ""


# Rules on imports.


def import_violations(sources: Mapping[str, str]) -> list[Violation]:
    """Find imports that go up or aside, or reach for what is reserved for another room."""
    found: set[Violation] = set()
    for path, source in sources.items():
        room = room_of(path)
        if room and room not in LEVELS:
            found.add(Violation(path, 1, f"{room} is no room of the house (see LEVELS)"))
            continue
        for imported in imports_of(path, source):
            rule = _direction_rule(room, imported.module) or _reserved_rule(room, imported.module)
            if rule:
                found.add(Violation(path, imported.line, rule))
    return sorted(found)


def _direction_rule(room: str, module: str) -> str | None:
    """Say which rule an import of the house's own module breaks, if any."""
    target = _imported_room(module)
    if not target or target == room:
        return None
    if room == "":
        return f"the package's __init__ imports nothing of the house, and here {target}"
    if target in FOR_EVERY_ROOM and LEVELS[room] > 0 and room not in FOR_EVERY_ROOM:
        return None
    if room in PROTOCOL_ONLY and target != "protocol":
        return f"{room} imports protocol only, and here {target}"
    if LEVELS[target] >= LEVELS[room]:
        return f"imports go down only: {room} may not import {target}"
    return None


def _reserved_rule(room: str, module: str) -> str | None:
    """Say which rule an import of a foreign module breaks, if any."""
    for reserved in RESERVED:
        if room != reserved.room and _is_of(module, reserved.modules):
            return f"{reserved.rule}, and here {module}"
    if room == "protocol" and _is_of(module, IMPURE_MODULES):
        return f"protocol is pure: it may not import {module}"
    return None


# Rules on what is used.


def environment_violations(sources: Mapping[str, str]) -> list[Violation]:
    """Find readers of the process environment outside `environment.py`."""
    found = []
    for path, source in sources.items():
        if room_of(path) == "environment":
            continue
        tree = ast.parse(source, path)
        names_of_os = _names_of("os", tree)
        for node in ast.walk(tree):
            for used in _environment_uses(node, names_of_os):
                rule = f"os.environ only in environment.py, and here os.{used}"
                found.append(Violation(path, node.lineno, rule))  # type: ignore[attr-defined]
    return sorted(found)


def _environment_uses(node: ast.AST, names_of_os: set[str]) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module == "os":
        yield from (name.name for name in node.names if name.name in ENVIRONMENT_NAMES)
    elif (
        isinstance(node, ast.Attribute)
        and node.attr in ENVIRONMENT_NAMES
        and isinstance(node.value, ast.Name)
        and node.value.id in names_of_os
    ):
        yield node.attr


def _names_of(module: str, tree: ast.AST) -> set[str]:
    """Give the names that a module goes by in a file."""
    return {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
        if name.name == module
    }


def purity_violations(sources: Mapping[str, str]) -> list[Violation]:
    """Find calls in `protocol` that touch a file, a terminal or the clock."""
    found = []
    for path, source in sources.items():
        if room_of(path) != "protocol":
            continue
        for node in ast.walk(ast.parse(source, path)):
            if isinstance(node, ast.Call) and (called := _impure_call(node.func)):
                rule = f"protocol is pure: it may not call {called}()"
                found.append(Violation(path, node.lineno, rule))
    return sorted(found)


def _impure_call(function: ast.expr) -> str | None:
    if isinstance(function, ast.Name) and function.id in IMPURE_CALLS:
        return function.id
    if isinstance(function, ast.Attribute):
        if function.attr in FILE_CALLS:
            return function.attr
        of_a_date = ast.unparse(function.value).split(".")[-1] in {"datetime", "date"}
        if function.attr in CLOCK_CALLS and of_a_date:
            return ast.unparse(function)
    return None


# Rules on dependencies.


@dataclass(frozen=True)
class Requirement:
    """One declared dependency."""

    name: str
    specifier: str
    extra: str | None


def requirements_of(project: Mapping[str, object]) -> list[Requirement]:
    """Read the dependencies of the `[project]` table, those of the `dev` extra left out."""
    extras = project.get("optional-dependencies", {})
    assert isinstance(extras, dict)
    groups = {None: project.get("dependencies", []), **extras}
    found = []
    for extra, lines in groups.items():
        if extra == "dev":
            continue
        for line in lines:
            match = re.match(r"\s*([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*([^;]*)", line)
            assert match is not None, line
            found.append(Requirement(normalised(match[1]), match[2].strip(), extra))
    return found


def normalised(name: str) -> str:
    """Give the name of a distribution as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution_of(module: str) -> str | None:
    """Name what must be installed for an import; None for the standard library and ourselves."""
    top = module.split(".")[0]
    if top in sys.stdlib_module_names or top in TYPING_ONLY or top == PACKAGE:
        return None
    return normalised(DISTRIBUTIONS.get(top, top))


def undeclared_violations(
    sources: Mapping[str, str], requirements: Iterable[Requirement]
) -> list[Violation]:
    """Find imports of packages that are not declared, or of an extra's at module level."""
    declared = {requirement.name: requirement for requirement in requirements}
    found = set()
    for path, source in sources.items():
        for imported in imports_of(path, source):
            name = distribution_of(imported.module)
            if name is None:
                continue
            if name not in declared:
                rule = f"{name} is imported and not declared in pyproject.toml"
                found.add(Violation(path, imported.line, rule))
            elif declared[name].extra and not imported.nested:
                rule = f"{name} is an extra: import it where it is used, not at module level"
                found.add(Violation(path, imported.line, rule))
    return sorted(found)


def requirement_violations(
    sources: Mapping[str, str], requirements: Iterable[Requirement]
) -> list[Violation]:
    """Find declared packages that nothing imports or that have no lower bound."""
    imported = {
        distribution_of(found.module)
        for path, source in sources.items()
        for found in imports_of(path, source)
    }
    violations = []
    for requirement in requirements:
        if requirement.name not in imported:
            rule = f"{requirement.name} is declared and nothing imports it"
            violations.append(Violation("pyproject.toml", 1, rule))
        if not re.search(r"(>=|~=|==)\s*\d", requirement.specifier):
            rule = f"{requirement.name} is declared without a lower bound"
            violations.append(Violation("pyproject.toml", 1, rule))
    return violations


# Rules on text.


def docstring_violations(sources: Mapping[str, str]) -> list[Violation]:
    """Find public modules, classes, functions and methods without a docstring."""
    found = []
    for path, source in sources.items():
        tree = ast.parse(source, path)
        if not ast.get_docstring(tree):
            found.append(Violation(path, 1, "a module needs a docstring"))
        for node in _public_definitions(tree):
            if not ast.get_docstring(node):
                found.append(Violation(path, node.lineno, f"{node.name} needs a docstring"))
    return sorted(found)


Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _public_definitions(body: ast.Module | ast.ClassDef) -> Iterator[Definition]:
    for node in _statements(body):
        if not isinstance(node, Definition) or node.name.startswith("_") or _is_repetition(node):
            continue
        yield node
        if isinstance(node, ast.ClassDef):
            yield from _public_definitions(node)


def _statements(body: ast.AST) -> Iterator[ast.stmt]:
    """Give the statements of a body, those under `if` and `try` too, not those in functions."""
    for node in ast.iter_child_nodes(body):
        if isinstance(node, ast.stmt):
            yield node
        if isinstance(node, ast.If | ast.Try | ast.With | ast.ExceptHandler):
            yield from _statements(node)


def _is_repetition(node: Definition) -> bool:
    """Whether its docstring is elsewhere: that of an overload, a setter, an override."""
    for decorator in node.decorator_list:
        name = ast.unparse(decorator).split("(")[0].split(".")[-1]
        if name in {"overload", "override", "setter", "deleter"}:
            return True
    return False


MACHINE_PATHS = re.compile(
    # Written in pieces, so that this file does not break its own rule.
    "|".join(
        [
            r"(?<![\w.~-])/" + r"(?:work|root|home/[a-z]\w*|Users/\w+)/",
            r"/tmp/" + r"(?:venv|brief)\b",
            r"(?:extra-|--)index" + r"-url",
            r"/" + r"(?:pypi|simple)/simple\b",
        ]
    )
)


def machine_violations(texts: Mapping[str, str], hosts: Iterable[str] = ()) -> list[Violation]:
    """Find paths of one machine, and hosts from which only that machine installs."""
    found = []
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            match = MACHINE_PATHS.search(line)
            if match:
                rule = f"a path or setting of one machine: {match[0]}"
                found.append(Violation(path, number, rule))
            for host in hosts:
                if host in line:
                    found.append(Violation(path, number, "the host of one machine's registry"))
    return sorted(found)
