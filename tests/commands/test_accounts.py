"""From settings by name to those of a session."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from xmppshell.commands.accounts import SESSION_KEYS, choose, overlaid, source_of
from xmppshell.configuration.keys import DEFAULT_KEYS, Key, Kind
from xmppshell.configuration.layers import Preferences, UnknownAccount, layer_of
from xmppshell.configuration.reading import read
from xmppshell.network.discovery import TlsMode
from xmppshell.passwords import PasswordSource
from xmppshell.pilot import Negotiation, Stage
from xmppshell.protocol.features.bind2 import SESSION_FEATURES
from xmppshell.protocol.jid import JID
from xmppshell.settings import Settings

FILE = """\
[defaults]
ca_file = "~/ca.pem"
[accounts.work]
jid = "juliet@example.org/balcony"
tls = "direct"
mechanism = "plain"
password_file = "/secret"
"""
PREFERENCES = Preferences(lambda: read(FILE))
JULIET = JID.parse("juliet@example.org/balcony")


def test_an_account_of_the_file() -> None:
    account = choose("work", PREFERENCES, {})
    assert account.name == "work"
    assert account.source == PasswordSource(file="/secret")
    assert account.settings == Settings(
        JULIET, tls=TlsMode.DIRECT, mechanism="PLAIN", ca_file=str(Path("~/ca.pem").expanduser())
    )


def test_a_jid() -> None:
    account = choose("romeo@localhost", PREFERENCES, layer_of({"resource": "o"}, "typed"))
    assert account.name == ""
    assert account.settings.jid == JID.parse("romeo@localhost/o")
    assert account.settings.tls is None


def test_a_slip() -> None:
    with pytest.raises(UnknownAccount):
        choose("worc", PREFERENCES, {})


def test_without_values_nothing_changes() -> None:
    settings = Settings(JULIET, "secret", "h", 1, TlsMode.NONE, "f", True, "PLAIN", 3.0)
    assert overlaid(settings, {}) == settings


EXAMPLES = {Kind.TEXT: "x", Kind.FILE: "/x", Kind.FLAG: True, Kind.PORT: 7, Kind.SECONDS: 7.0}


@pytest.mark.parametrize("key", [k for k in DEFAULT_KEYS.values()], ids=lambda key: key.name)
def test_every_key_of_a_connection_has_an_effect(key: Key) -> None:
    value = key.choices[-1] if key.choices else EXAMPLES[key.kind]
    if key.kind is Kind.FLAG:
        value = not key.built_in
    changed = overlaid(Settings(JULIET), {key.name: value})
    if key.name in SESSION_KEYS:
        before, after = dataclasses.asdict(Settings(JULIET)), dataclasses.asdict(changed)
        assert len([name for name in before if before[name] != after[name]]) == 1
    elif key.name == "resource":
        assert changed.jid.resource == "x"
    else:
        assert source_of({key.name: value}) != PasswordSource()


def test_the_session_features_are_those_that_can_be_asked_for() -> None:
    assert set(DEFAULT_KEYS["session_features"].choices) == set(SESSION_FEATURES)
    changed = overlaid(Settings(JULIET), {"session_features": "carbons, csi"})
    assert changed.session_features == ("carbons", "csi")


@pytest.mark.parametrize(
    ("key", "kind"), [("tls", TlsMode), ("negotiate", Negotiation), ("until", Stage)]
)
def test_the_choices_are_those_of_the_session(key: str, kind: type) -> None:
    assert set(DEFAULT_KEYS[key].choices) == {choice.value for choice in kind}
