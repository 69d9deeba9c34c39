"""The README's two commands are single lines, and CI runs the one for the tests as it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SET_UP = "python3 -m venv .venv && .venv/bin/pip install -q"
DEMO = f"{SET_UP} . && .venv/bin/xmppshell demo"
TESTS = f"{SET_UP} -e '.[dev]' && .venv/bin/pytest -q"


def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def print_tests(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [root / ".ci/run", "--print-tests"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a folder with `.ci/run`, to which a test adds a README."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    return tmp_path


def test_the_readme_has_two_commands_each_on_one_line():
    blocks = re.findall(r"^```sh\n(.*?)^```$", readme(), re.MULTILINE | re.DOTALL)
    assert blocks == [f"{DEMO}\n", f"{TESTS}\n"]


def test_the_readme_has_no_placeholder():
    assert not re.search(r"TODO|TBD|FIXME|to be written|coming soon|\.\.\.$", readme())


def test_ci_takes_the_test_command_out_of_the_readme():
    assert os.access(ROOT / ".ci/run", os.X_OK)
    printed = print_tests(ROOT)
    assert (printed.stdout, printed.stderr, printed.returncode) == (f"{TESTS}\n", "", 0)


def test_ci_follows_a_change_of_the_readme(copy):
    (copy / "README.md").write_text(readme().replace(TESTS, "echo 'a & b' && pytest"))
    assert print_tests(copy).stdout == "echo 'a & b' && pytest\n"


@pytest.mark.parametrize(
    "text",
    [
        "no marker\n```sh\npytest\n```\n",
        "<!-- tests -->\nno block\n",
        "<!-- tests -->\n```sh\n```\n",
        "<!-- tests -->\n```sh\nmake\npytest\n```\n",
    ],
)
def test_ci_fails_where_the_readme_has_no_single_line(copy, text):
    (copy / "README.md").write_text(text)
    printed = print_tests(copy)
    assert printed.returncode == 1
    assert printed.stdout == ""
    assert "must follow" in printed.stderr
