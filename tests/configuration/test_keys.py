"""What each setting can be, from the file and as it is typed."""

from __future__ import annotations

import pytest

from xmppshell.configuration.keys import ACCOUNT_KEYS, LOOKS_KEYS, Key, Kind, WrongValue

KEYS = {**ACCOUNT_KEYS, **LOOKS_KEYS}


def complaint(key: str, value: object, *, typed: bool = False) -> tuple[str, str]:
    with pytest.raises(WrongValue) as caught:
        KEYS[key].parse(str(value)) if typed else KEYS[key].check(value)
    return caught.value.problem.what, caught.value.problem.cure


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("host", "example.org", "example.org"),
        ("port", "5222", 5222),
        ("timeout", "0.5", 0.5),
        ("timeout", "3", 3.0),
        ("tls", "direct", "direct"),
        ("session_features", "carbons,csi", "carbons,csi"),
        ("insecure", "on", True),
        ("insecure", "FALSE", False),
        ("jid", "juliet@example.org", "juliet@example.org"),
        ("ca_file", "~/ca.pem", "~/ca.pem"),
    ],
)
def test_what_is_typed_is_read(key: str, typed: str, value: object) -> None:
    read = KEYS[key].parse(typed)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "value"),
    [("port", 1), ("port", 65535), ("timeout", 0), ("timeout", 1.5), ("insecure", True)],
)
def test_what_the_file_says_is_taken(key: str, value: object) -> None:
    assert KEYS[key].check(value) is value


@pytest.mark.parametrize(
    ("key", "value", "what", "cure"),
    [
        ("port", "5222", '"5222" is not a port from 1 to 65535', "port = 5222, without quotes"),
        ("port", 0, "0 is not a port from 1 to 65535", ""),
        ("port", 65536, "65536 is not a port from 1 to 65535", ""),
        ("port", 5222.0, "5222.0 is not a port from 1 to 65535", ""),
        ("port", True, "true is not a port from 1 to 65535", ""),
        ("port", "imap", '"imap" is not a port from 1 to 65535', ""),
        ("timeout", -1, "-1 is not a number of seconds", ""),
        ("timeout", float("inf"), "inf is not a number of seconds", ""),
        ("timeout", float("nan"), "nan is not a number of seconds", ""),
        ("insecure", "true", '"true" is not true or false', "insecure = true, without quotes"),
        ("insecure", 1, "1 is not true or false", ""),
        ("host", 5, "5 is not a text", 'host = "5", in quotes'),
        ("host", "", '"" is not a text', "leave host out"),
        ("host", ["a"], "a list is not a text", ""),
        ("host", {"a": 1}, "a table is not a text", ""),
        (
            "tls",
            "start-tls",
            "start-tls is not starttls or direct or none",
            "did you mean starttls?",
        ),
        ("tls", "ssl", "ssl is not starttls or direct or none", ""),
        ("tls", True, "true is not a choice", ""),
        ("session_features", "carbons, cis", "cis is not carbons or csi", "did you mean csi?"),
        (
            "session_features",
            ["csi"],
            "a list is not one name or more, with commas between them",
            "",
        ),
    ],
)
def test_what_a_key_cannot_be(key: str, value: object, what: str, cure: str) -> None:
    assert complaint(key, value) == (what, cure)


@pytest.mark.parametrize(
    ("key", "typed", "what"),
    [
        ("port", "0x10", "0x10 is not a port from 1 to 65535"),
        ("port", "²", "² is not a port from 1 to 65535"),
        ("port", "99999", "99999 is not a port from 1 to 65535"),
        ("timeout", "soon", "soon is not a number of seconds"),
        ("insecure", "maybe", "maybe is not on or off"),
    ],
)
def test_what_cannot_be_typed(key: str, typed: str, what: str) -> None:
    assert complaint(key, typed, typed=True) == (what, "")


def test_a_wrong_address_says_what_is_wrong_with_it() -> None:
    what, _ = complaint("jid", "@example.org")
    assert "@example.org" in what


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_every_key_says_what_it_is_when_nobody_says(key: Key) -> None:
    assert key.meaning
    if key.kind is not Kind.JID:
        assert (key.built_in is None) == bool(key.unset)
    if key.built_in is not None:
        assert key.check(key.built_in) == key.built_in
    assert (key.kind in (Kind.CHOICE, Kind.NAMES)) == bool(key.choices)
    assert bool(key.one_of) == (key.kind is Kind.CHOICE)
