"""/set and /unset."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands.desk_driver import Stage

from xmppshell.commands.settings import LIVE, apply_looks
from xmppshell.configuration.keys import DEFAULT_KEYS, LOOKS_KEYS

FILE = """\
[defaults]
port = 7
[shell]
editing = "vi"
raw = true
"""


@pytest.fixture
def here(tmp_path: Path) -> Stage:
    """Give a desk that is not connected."""
    return Stage(0, tmp_path / "ca.pem", FILE)


def row(lines: list[str], name: str) -> list[str]:
    """Give the words of the line of a setting."""
    (found,) = (line.split() for line in "\n".join(lines).split("\n") if line.split()[0] == name)
    return found[1:]


def test_each_look_has_a_way_to_see_and_to_change_it() -> None:
    assert set(LIVE) == set(LOOKS_KEYS)


async def test_the_shell_begins_as_the_file_says(here: Stage) -> None:
    apply_looks(here.desk)
    assert here.screen.keys == "vi"
    assert here.desk.view.raw
    assert not here.desk.view.timestamps


async def test_it_shows_what_somebody_chose(here: Stage) -> None:
    apply_looks(here.desk)
    shown = await here.enter("/set")
    assert row(shown, "editing") == ["vi", "config.toml:4"]
    assert row(shown, "timestamps") == ["off", "built", "in"]
    assert row(shown, "port") == ["7", "config.toml:2"]
    text = "\n".join(shown)
    assert "\n  host " not in text
    assert f"{len(DEFAULT_KEYS) - 1} for connections are as built in" in text
    assert "what lasts stands in config.toml" in text


async def test_it_shows_all(here: Stage) -> None:
    shown = await here.enter("/set all")
    names = {line.split()[0] for line in "\n".join(shown).split("\n")}
    assert names >= set(DEFAULT_KEYS) | set(LOOKS_KEYS)


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("/set port", "port: 7  (config.toml:2)"),
        ("/set host", "host: (what DNS says)  (built in)"),
        ("/set port 8", "port: 8  (/set)"),
        (
            "/set password_command pass show 'my key'",
            "password_command: pass show 'my key'  (/set)",
        ),
        ("/set timestamps on", "timestamps: on  (/set)"),
    ],
)
async def test_it_shows_one(here: Stage, line: str, first: str) -> None:
    assert (await here.enter(line))[0] == first


async def test_it_changes_the_shell_at_once_and_unset_takes_it_back(here: Stage) -> None:
    apply_looks(here.desk)
    for line in ("/set raw off", "/set timestamps on", "/set editing emacs", "/set color off"):
        await here.enter(line)
    assert (here.desk.view.raw, here.desk.view.timestamps) == (False, True)
    assert (here.screen.keys, here.screen.coloured) == ("emacs", False)
    assert await here.enter("/unset raw") == [
        "raw: on  (config.toml:5)",
        "  show exact bytes, not the pretty view; on or off",
    ]
    await here.enter("/unset editing")
    await here.enter("/unset timestamps")
    assert (here.desk.view.raw, here.desk.view.timestamps) == (True, False)
    assert here.screen.keys == "vi"


async def test_what_another_command_changed_is_seen(here: Stage) -> None:
    await here.enter("/times on")
    assert (await here.enter("/set timestamps"))[0] == "timestamps: on  (this shell)"


@pytest.mark.parametrize(
    ("line", "what", "cure"),
    [
        ("/set prot 1", "prot is no setting", "did you mean port?"),
        ("/set port many", "many is not a port from 1 to 65535", ""),
        ("/set tls ssl", "ssl is not starttls or direct or none", ""),
        ("/set raw 1", "1 is not on or off", ""),
        ("/unset everything", "everything is no setting", None),
    ],
)
async def test_what_cannot_be_set(here: Stage, line: str, what: str, cure: str | None) -> None:
    said = await here.enter(line)
    assert said[0] == what
    assert cure is None or said[2] == cure
    assert not here.desk.preferences.chosen


async def test_a_password_is_not_set(here: Stage) -> None:
    *_, cure = await here.enter("/set password S3cret")
    assert "password_command" in cure
    assert not here.desk.preferences.chosen


async def test_a_mistake_in_the_file_is_told(here: Stage) -> None:
    here.configuration = "[shell]\nraw = 3\n"
    assert (await here.enter("/set"))[0] == "config.toml:2: raw: 3 is not true or false"
