"""`xmppshell template`: XML for scripts, the list, and one template explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from xmppshell import cli
from xmppshell.exit_status import ExitStatus

Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of the user's own templates, which is not there yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path / "xmppshell" / "templates"


def test_the_xml_is_printed_and_nothing_else(capsys: Printed) -> None:
    assert cli.run(["template", "ping", "romeo@localhost"]) is ExitStatus.OK
    out, err = capsys.readouterr()
    assert out == "<iq to='romeo@localhost' type='get'>\n  <ping xmlns='urn:xmpp:ping'/>\n</iq>\n"
    assert err == ""


def test_variables_stay_and_optional_parts_vanish(capsys: Printed) -> None:
    assert cli.run(["template", "disco.info"]) is ExitStatus.OK
    assert capsys.readouterr().out == (
        "<iq to='$domain' type='get'>\n"
        "  <query xmlns='http://jabber.org/protocol/disco#info'/>\n</iq>\n"
    )


def test_an_argument_is_one_value_with_its_spaces(capsys: Printed) -> None:
    cli.run(["template", "message.chat", "romeo@localhost", "body=it's a <test>"])
    assert "<body>it's a &lt;test&gt;</body>" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["presence.available", "priority=200"], "priority: 200 is outside -128..127"),
        (["ping", "toe=x"], "ping has no field toe"),
        (["pong"], "there is no template pong"),
        (["message.chat"], "to, body are missing"),
        (["ping", "a@b", "c@d"], "“c@d” is one value too many"),
        (["ibr.set", "password=hunter2"], "password is a secret"),
    ],
)
def test_a_mistake_is_told_and_is_status_2(
    capsys: Printed, arguments: list[str], told: str
) -> None:
    assert cli.run(["template", *arguments]) is ExitStatus.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err


def test_open_fields_can_be_printed(capsys: Printed) -> None:
    assert cli.run(["template", "message.chat", "--open"]) is ExitStatus.OK
    assert "‹body›" in capsys.readouterr().out


def test_the_list_fits_a_terminal(capsys: Printed) -> None:
    assert cli.run(["template"]) is ExitStatus.OK
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line.startswith("  ")]) >= 78
    assert max(map(len, lines)) <= 80


def test_one_is_explained(capsys: Printed) -> None:
    assert cli.run(["template", "muc.join", "--show"]) is ExitStatus.OK
    out = capsys.readouterr().out
    assert "XEP-0045 7.2" in out
    assert out.endswith("  xmppshell template muc.join ROOM [NICK] [HISTORY]\n")
    assert max(map(len, out.splitlines())) <= 80


def test_a_template_of_the_user_counts_and_a_mistake_does_no_harm(
    capsys: Printed, folder: Path
) -> None:
    folder.mkdir(parents=True)
    (folder / "my.toml").write_text(
        "[template.hello]\nxml = '<presence/>'\n[template.bad]\nxml = '<presence>'\n"
    )
    assert cli.run(["template", "hello"]) is ExitStatus.OK
    out, err = capsys.readouterr()
    assert out == "<presence/>\n"
    assert "~/xmppshell/templates/my.toml:4: the xml is not complete" in err
