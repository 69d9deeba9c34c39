"""The house keeps its rules: imports go down, rooms keep to themselves, nothing lies about."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from house_rules import (
    Requirement,
    docstring_violations,
    environment_violations,
    import_violations,
    imports_of,
    machine_violations,
    purity_violations,
    requirement_violations,
    requirements_of,
    undeclared_violations,
)

ROOT = Path(__file__).resolve().parent.parent
TOP_LEVEL = {"pyproject.toml", "README.md", "xmppshell", "tests", "transcripts"}
PUBLIC_HOSTS = {"pypi.org", "files.pythonhosted.org"}


def package_sources() -> dict[str, str]:
    files = sorted((ROOT / "xmppshell").rglob("*.py"))
    assert len(files) > 10
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files}


def project() -> dict[str, object]:
    table: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def tracked_files() -> list[str]:
    """Name the files under version control; skip where there is no checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: only git knows which files belong to the repository")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True
    )
    return [name for name in listed.stdout.split("\0") if name]


def registry_hosts() -> set[str]:
    """Name the hosts that this machine installs packages from, as far as pip was told of any."""
    configuration = "".join(
        path.read_text(errors="replace")
        for path in [Path("/etc/pip.conf"), Path("/etc/xdg/pip/pip.conf")]
        if path.is_file()
    )
    settings = [value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))]
    found = re.findall(r"https?://(?:[^@/\s]*@)?([^/:\s]+)", "\n".join([configuration, *settings]))
    return set(found) - PUBLIC_HOSTS


def report(violations: list[object]) -> str:
    return "\n".join(str(violation) for violation in violations)


# The house as it stands.


@pytest.mark.parametrize(
    "check",
    [import_violations, environment_violations, purity_violations, docstring_violations],
    ids=lambda check: check.__name__,
)
def test_the_package_keeps_the_rule(check):
    violations = check(package_sources())
    assert not violations, report(violations)


def test_every_import_is_declared():
    violations = undeclared_violations(package_sources(), requirements_of(project()))
    assert not violations, report(violations)


def test_every_declared_dependency_is_used_and_has_a_lower_bound():
    violations = requirement_violations(package_sources(), requirements_of(project()))
    assert not violations, report(violations)


def test_the_visible_top_level_is_what_it_should_be():
    visible = {name.split("/")[0] for name in tracked_files() if not name.startswith(".")}
    assert visible == TOP_LEVEL


def test_no_file_names_a_path_or_registry_of_one_machine():
    texts = {}
    for name in tracked_files():
        path = ROOT / name
        if path.is_file():
            texts[name] = path.read_bytes().decode("utf-8", "replace")
    violations = machine_violations(texts, registry_hosts())
    assert not violations, report(violations)


# The checks themselves, on sources made up to break the rules.


def broken(check, name: str, source: str) -> list[str]:
    """Run a check on one file of the package."""
    return [str(violation) for violation in check({f"xmppshell/{name}.py": source})]


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("network/tcp", "from ..session import Session"),
        ("network/tcp", "import xmppshell.terminal.theme"),
        ("network/tcp", "from .. import session"),
        ("network/tcp", "def f():\n    from xmppshell import session"),
        ("network/tcp", "if TYPE_CHECKING:\n    from ..session import Session"),
        ("protocol/features/sasl", "from ...network import tls"),
        ("protocol/jid", "from .. import environment"),
        ("protocol/jid", "from .. import exit_status"),
        ("feed", "from .session import Session"),
        ("session", "from .transcript import recorder"),
        ("transcript/player", "from ..practice import server"),
        ("commands/quit", "from ..terminal import shell"),
        ("terminal/shell", "from .. import cli"),
        ("session", "import importlib\nimportlib.import_module('xmppshell.commands.quit')"),
        ("environment", "from . import session"),
    ],
)
def test_an_import_that_goes_up_or_aside_is_found(room, source):
    found = broken(import_violations, room, source)
    assert len(found) == 1
    assert "imports go down only" in found[0]
    path, line, _ = found[0].split(":", 2)
    assert path == f"xmppshell/{room}.py"
    assert "import" in source.splitlines()[int(line) - 1]


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("network/tcp", "from ..protocol.problem import Problem\nfrom . import tls"),
        ("network/tcp", "from ..exit_status import ExitStatus\nfrom .. import environment"),
        ("session", "from .feed import Feed\nfrom .network import tcp\nfrom .protocol import jid"),
        ("protocol/features/bind", "from ..jid import JID\nfrom .base import Feature"),
        ("protocol/features//init/", "from .bind import Bind\nfrom ..jid import JID"),
        ("classroom/lesson", "from ..transcript import script\nfrom ..practice import server"),
        ("terminal/shell", "from ..commands import registry\nfrom ..session import Session"),
        ("cli", "def f():\n    from .terminal import shell\n    from .practice import server"),
        ("__main__", "from .cli import main"),
        ("knowledge/lint", "from ..protocol import stanza"),
        ("protocol/base", "import protocol_buffers\nimport xmppshellish"),
    ],
)
def test_an_import_that_goes_down_is_fine(room, source):
    assert broken(import_violations, room, source) == []


def test_the_library_and_the_templates_import_protocol_only():
    found = broken(import_violations, "knowledge/lint", "import re\nfrom ..templates import data")
    assert found == ["xmppshell/knowledge/lint.py:2: knowledge imports protocol only, and here"
                     " templates"]  # fmt: skip


def test_an_unknown_room_is_found():
    assert "attic is no room" in broken(import_violations, "attic/trunk", "")[0]


def test_the_package_itself_imports_nothing_of_the_house():
    assert (
        "__init__ imports nothing" in broken(import_violations, "__init__", "from . import cli")[0]
    )


@pytest.mark.parametrize(
    ("room", "source", "rule"),
    [
        ("commands/help", "from prompt_toolkit.keys import Keys", "prompt_toolkit only in"),
        ("session", "def f():\n    import prompt_toolkit", "prompt_toolkit only in"),
        ("session", "import ssl", "only in network/"),
        ("practice/server", "from socket import create_server", "only in network/"),
        ("terminal/shell", "import dns.resolver", "only in network/"),
        ("knowledge/xep", "from urllib.request import urlopen", "only in network/"),
        ("commands/save", "import platformdirs", "only in environment.py"),
        ("protocol/framing", "import asyncio", "protocol is pure"),
        ("protocol/framing", "from pathlib import Path", "protocol is pure"),
        ("protocol/framing", "import os.path", "protocol is pure"),
        ("protocol/framing", "def f():\n    from time import monotonic", "protocol is pure"),
        ("protocol/framing", "import socket", "only in network/"),
    ],
)
def test_a_reserved_module_in_another_room_is_found(room, source, rule):
    found = broken(import_violations, room, source)
    assert len(found) == 1
    assert rule in found[0]


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("terminal/shell", "from prompt_toolkit import PromptSession"),
        ("network/tls", "import socket, ssl\nimport dns.resolver"),
        ("session", "import asyncio\nfrom urllib.parse import urlsplit"),
        ("protocol/framing", "import re, enum, base64, datetime\nfrom lxml import etree"),
        ("environment", "import os, platformdirs"),
    ],
)
def test_a_module_in_its_room_is_fine(room, source):
    assert broken(import_violations, room, source) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os\nhome = os.environ['HOME']",
        "import os as system\nsystem.getenv('HOME')",
        "def f():\n    from os import environ",
    ],
)
def test_a_reader_of_the_environment_is_found(source):
    found = broken(environment_violations, "commands/save", source)
    assert len(found) == 1
    assert found[0].startswith("xmppshell/commands/save.py:2: os.environ only in environment.py")
    assert broken(environment_violations, "environment", source) == []


def test_other_uses_of_os_are_fine():
    source = "import os\nos.path.join('a')\nself.environ = 1\nelsewhere.getenv()"
    assert broken(environment_violations, "commands/save", source) == []


@pytest.mark.parametrize(
    "call",
    ["open('f')", "print('x')", "input()", "datetime.now()", "datetime.datetime.utcnow()",
     "date.today()", "path.read_text()"],
)  # fmt: skip
def test_an_impure_call_in_protocol_is_found(call):
    found = broken(purity_violations, "protocol/jid", f"def f():\n    return {call}")
    assert len(found) == 1
    assert found[0].startswith("xmppshell/protocol/jid.py:2: protocol is pure")
    assert broken(purity_violations, "session", call) == []


def test_a_pure_call_in_protocol_is_fine():
    source = "datetime.fromisoformat('x'); state.now(); self.open(); reader.input()"
    assert broken(purity_violations, "protocol/jid", source) == []


DECLARED = [
    Requirement("lxml", ">=5.3", None),
    Requirement("dnspython", ">=2", None),
    Requirement("keyring", ">=25", "keyring"),
]


def undeclared(sources):
    return undeclared_violations(sources, DECLARED)


def test_an_undeclared_import_is_found():
    found = broken(
        undeclared, "session", "from lxml import etree\nimport dns.resolver\nimport rich.markdown"
    )
    assert found == ["xmppshell/session.py:3: rich is imported and not declared in pyproject.toml"]


def test_an_extra_may_only_be_imported_where_it_is_used():
    found = broken(undeclared, "session", "import keyring\ndef f():\n    import keyring.errors")
    assert len(found) == 1
    assert found[0].startswith("xmppshell/session.py:1: keyring is an extra")


def test_a_declared_package_without_a_use_or_a_bound_is_found():
    requirements = requirements_of(
        {
            "dependencies": ["lxml>=5.3", "DNSpython", "precis_i18n ~= 1.1; os_name == 'posix'"],
            "optional-dependencies": {"keyring": ["keyring[x]<26"], "dev": ["pytest"]},
        }
    )
    sources = {"xmppshell/session.py": "import dns.name, precis_i18n, keyring"}
    assert [str(found) for found in requirement_violations(sources, requirements)] == [
        "pyproject.toml:1: lxml is declared and nothing imports it",
        "pyproject.toml:1: dnspython is declared without a lower bound",
        "pyproject.toml:1: keyring is declared without a lower bound",
    ]


def test_a_missing_docstring_is_found():
    source = (
        "class Public:\n"
        "    def method(self): ...\n"
        "    def _private(self): ...\n"
        "    @overload\n"
        "    def method(self, x): ...\n"
        "def function():\n"
        "    'It has one.'\n"
        "    def inner(): ...\n"
        "if True:\n"
        "    async def conditional(): ...\n"
        "class _Private:\n"
        "    def method(self): ...\n"
    )
    assert broken(docstring_violations, "session", source) == [
        "xmppshell/session.py:1: Public needs a docstring",
        "xmppshell/session.py:1: a module needs a docstring",
        "xmppshell/session.py:2: method needs a docstring",
        "xmppshell/session.py:10: conditional needs a docstring",
    ]


def test_a_path_or_host_of_one_machine_is_found():
    slash = "/"
    texts = {
        "README.md": f"cd {slash}work/main\ncd {slash}root/x\nhttps://example.org{slash}work/",
        ".ci/run": f"{slash}tmp/venv/bin/python\npip --index{'-'}url x\npip.corp.example",
        "fine.md": "the work/main folder, /tmp/venture, https://pypi.org/, network/, /workshop/",
    }
    found = [str(violation) for violation in machine_violations(texts, {"pip.corp.example"})]
    assert [line.rsplit(": ", 1)[0].split(": ")[0] for line in found] == [
        ".ci/run:1",
        ".ci/run:2",
        ".ci/run:3",
        "README.md:1",
        "README.md:2",
    ]


def test_imports_are_found_wherever_they_are():
    source = (
        "import a\nclass C:\n    import b\ndef f():\n    from .c import d\n"
        "x = lambda: __import__('e')"
    )
    found = [(i.module, i.nested) for i in imports_of("xmppshell/commands/x.py", source)]
    assert found == [("a", False), ("b", False), ("xmppshell.commands.c.d", True), ("e", True)]
