"""Who wins, and where each value came from."""

from __future__ import annotations

import pytest

from xmppshell.configuration.keys import DEFAULT_KEYS
from xmppshell.configuration.layers import (
    BUILT_IN,
    COMMAND_LINE,
    Configuration,
    Preferences,
    Setting,
    UnknownAccount,
    layer_of,
    may_be_account,
    resolved,
)
from xmppshell.configuration.reading import read

FILE = read(
    """\
[defaults]
port = 1
host = "defaults.example"
mechanism = "PLAIN"
password_file = "/p"
[accounts.work]
jid = "juliet@example.org"
port = 2
host = "work.example"
password_command = "pass"
[shell]
editing = "vi"
raw = true
""",
    "c",
)


def preferences(**chosen: str | int | bool) -> Preferences:
    made = Preferences(lambda: FILE)
    made.chosen.update(layer_of(chosen, "/set"))
    return made


def test_the_command_line_wins_over_the_account_over_the_defaults_over_what_is_built_in() -> None:
    given = layer_of({"port": 4}, COMMAND_LINE)
    name, found = preferences().connection("work", given)
    assert name == "work"
    assert found["jid"] == Setting("juliet@example.org", "c:7")
    assert found["port"] == Setting(4, COMMAND_LINE)
    assert found["host"] == Setting("work.example", "c:9")
    assert found["mechanism"] == Setting("PLAIN", "c:4")
    assert found["timeout"] == Setting(15.0, BUILT_IN)
    assert found["resource"] == Setting(None, BUILT_IN)
    assert set(found) == {"jid", *DEFAULT_KEYS}


def test_what_is_set_in_the_shell_wins_over_the_file() -> None:
    given = layer_of({"port": 4}, COMMAND_LINE)
    _, found = preferences(port=3, host="set.example").connection("work", given)
    assert (found["port"].value, found["host"]) == (4, Setting("set.example", "/set"))
    shell = preferences(raw=False).shell()
    assert (shell["raw"], shell["editing"]) == (Setting(False, "/set"), Setting("vi", "c:12"))


def test_the_shell_is_as_the_command_line_says_and_without_anyone_as_it_was_found() -> None:
    made = Preferences(
        lambda: FILE,
        given=layer_of({"editing": "emacs"}, COMMAND_LINE),
        found=layer_of({"color": True, "raw": False}, "the terminal"),
    )
    shell = made.shell()
    assert shell["editing"] == Setting("emacs", COMMAND_LINE)
    assert shell["color"] == Setting(True, "the terminal")
    assert shell["raw"] == Setting(True, "c:13")
    assert shell["timestamps"] == Setting(False, BUILT_IN)


def test_a_jid_has_the_defaults() -> None:
    name, found = preferences().connection("romeo@example.org", {})
    assert name == ""
    assert found["jid"] == Setting("romeo@example.org", COMMAND_LINE)
    assert found["host"].value == "defaults.example"


def test_a_source_of_the_password_drives_out_those_of_weaker_layers() -> None:
    def sources(typed: str, **given: str | bool) -> dict[str, object]:
        _, found = preferences().connection(typed, layer_of(given, COMMAND_LINE))
        names = ("password_file", "password_command", "keyring")
        return {name: found[name].value for name in names if found[name].value}

    assert sources("a@b") == {"password_file": "/p"}
    assert sources("work") == {"password_command": "pass"}
    assert sources("work", password_file="/q") == {"password_file": "/q"}
    assert sources("work", keyring=True) == {"keyring": True}
    assert sources("work", keyring=False) == {}


@pytest.mark.parametrize(
    ("typed", "may_be"),
    [
        ("work", True),
        ("work-2", True),
        ("juliet@localhost", False),
        ("example.org", False),
        ("localhost/balcony", False),
        ("[::1]", False),
    ],
)
def test_what_may_be_the_name_of_an_account(typed: str, may_be: bool) -> None:
    assert may_be_account(typed) is may_be


def test_a_name_like_an_account_is_taken_for_a_slip() -> None:
    with pytest.raises(UnknownAccount) as caught:
        preferences().connection("wrk", {})
    problem = caught.value.problem
    assert problem.what == "there is no account wrk in c"
    assert problem.cause == "the accounts there are work"
    assert problem.cure == "did you mean work?"


def test_another_word_is_a_domain() -> None:
    name, found = preferences().connection("localhost", {})
    assert (name, found["jid"].value) == ("", "localhost")


def test_no_one_need_be_named() -> None:
    name, found = preferences().connection(None, {})
    assert name == ""
    assert "jid" not in found


def test_a_change_of_the_file_counts_at_once() -> None:
    texts = iter(["[shell]\nraw = true", "[shell]\nraw = false"])
    changing = Preferences(lambda: read(next(texts), "c"))
    assert [changing.shell()["raw"].value, changing.shell()["raw"].value] == [True, False]


def test_without_a_file_all_is_built_in() -> None:
    assert Preferences().load() == Configuration()
    found = resolved(DEFAULT_KEYS.values())
    assert {setting.origin for setting in found.values()} == {BUILT_IN}
