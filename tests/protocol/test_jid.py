from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppshell.protocol.jid import JID, JIDError


@pytest.mark.parametrize(
    ("text", "local", "domain", "resource"),
    [
        ("juliet@example.com", "juliet", "example.com", ""),
        ("juliet@example.com/foo", "juliet", "example.com", "foo"),
        ("juliet@example.com/foo bar", "juliet", "example.com", "foo bar"),
        ("juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar"),
        ("example.com/foo@bar/baz", "", "example.com", "foo@bar/baz"),
        (r"foo\20bar@example.com", r"foo\20bar", "example.com", ""),
        ("fußball@example.com", "fußball", "example.com", ""),
        ("π@example.com", "π", "example.com", ""),
        ("Σ@example.com/foo", "σ", "example.com", "foo"),
        ("ς@example.com", "ς", "example.com", ""),
        ("king@example.com/♚", "king", "example.com", "♚"),
        ("a.example.com/b@example.net", "", "a.example.com", "b@example.net"),
        ("Juliet@Example.COM/Balcony", "juliet", "example.com", "Balcony"),
        ("example.com.", "", "example.com", ""),
        ("a@münchen.example", "a", "münchen.example", ""),
        ("a@MÜNCHEN.example", "a", "münchen.example", ""),
        ("a@xn--mnchen-3ya.example", "a", "münchen.example", ""),
        ("a@XN--MNCHEN-3YA.example", "a", "münchen.example", ""),
        ("a@mu\u0308nchen.example", "a", "münchen.example", ""),
        ("a@ｅｘ．example", "a", "ex.example", ""),
        ("ｊuliet@x", "juliet", "x", ""),
        ("a@my_host", "a", "my_host", ""),
        ("a@127.0.0.1", "a", "127.0.0.1", ""),
        ("a@[::1]/r", "a", "[::1]", "r"),
        ("a@[2001:DB8:0::1]", "a", "[2001:db8::1]", ""),
        ("a@[fe80::1%eth0]", "a", "[fe80::1%eth0]", ""),
        ("localhost", "", "localhost", ""),
        ("a@x/ r ", "a", "x", " r "),
        ("a@x/r\u00a0s", "a", "x", "r s"),
        ("a@x/e\u0301", "a", "x", "é"),
    ],
)
def test_parse(text: str, local: str, domain: str, resource: str) -> None:
    jid = JID.parse(text)
    assert (jid.local, jid.domain, jid.resource) == (local, domain, resource)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        ("@example.com", ["local part", "empty"]),
        ("/foobar", ["domain", "empty"]),
        ("juliet@", ["domain", "empty"]),
        ("juliet@example.com/", ["resource", "empty"]),
        (".", ["domain", "empty"]),
        ("a..b", ["domain", "empty label"]),
        (".b", ["domain", "empty label"]),
        ('"juliet"@example.com', ["local part", '"', "U+0022"]),
        ("o'hara@x", ["local part", "'", "U+0027"]),
        ("a:b@x", ["local part", ":", "U+003A"]),
        ("a／b@x", ["local part", "/", "U+002F"]),
        ("foo bar@example.com", ["local part", "space", "U+0020"]),
        ("a\x00b@x", ["local part", "U+0000"]),
        ("henryⅣ@example.com", ["local part", "Ⅳ", "U+2163"]),
        ("♚@example.com", ["local part", "♚", "U+265A"]),
        ("a\ud800@x", ["local part", "U+D800"]),
        ("a@x/b\x07c", ["resource", "U+0007"]),
        ("a@x/b\u202ec", ["resource", "U+202E"]),
        ("a@b@c", ["domain", "@", "U+0040"]),
        ("a@b c", ["domain", "space"]),
        ("a@b:5222", ["domain", ":"]),
        ("a@-b", ["domain", "hyphen"]),
        ("a@b-.c", ["domain", "hyphen"]),
        ("a@" + "x" * 64, ["domain", "64"]),
        ("a@☃.example", ["domain", "☃", "U+2603"]),
        ("a@xn--abc-.example", ["domain", "IDN"]),
        ("a@xn--a.example", ["domain"]),
        ("a@[::1", ["domain", "IPv6"]),
        ("a@[::g]", ["domain", "IPv6"]),
        ("a@a\u200db.example", ["domain", "U+200D"]),
        ("x" * 1024 + "@x", ["local part", "1024 bytes"]),
        ("é" * 512 + "@x", ["local part", "1024 bytes"]),
        ("a@x/" + "r" * 1024, ["resource", "1024 bytes"]),
        ("a@" + ".".join(["x" * 63] * 16) + ".x", ["domain", "1025 bytes"]),
    ],
)
def test_errors_name_the_part_and_the_character(text: str, words: list[str]) -> None:
    with pytest.raises(JIDError) as caught:
        JID.parse(text)
    problem = caught.value.problem
    for word in words:
        assert word in problem.what
    assert problem.reference.startswith("RFC 7622 3")
    assert problem.what.isprintable()
    assert len(problem.what) < 200


def test_limits_are_inclusive() -> None:
    assert len(JID.parse("x" * 1023 + "@d/" + "r" * 1023).local) == 1023
    assert len(JID.parse(".".join(["x" * 63] * 16)).domain) == 1023


def test_equality_is_by_normalised_parts() -> None:
    one, other = JID.parse("ROMEO@Example.ORG./x"), JID.parse("romeo@example.org/x")
    assert one == other
    assert hash(one) == hash(other)
    assert one != JID.parse("romeo@example.org/X")


def test_bare_and_full() -> None:
    full = JID.parse("romeo@example.org/orchard")
    assert full.is_full
    assert not full.is_bare
    assert full.bare == JID.parse("romeo@example.org")
    assert full.bare.is_bare
    assert full.bare.bare == full.bare
    assert str(full.with_resource("garden")) == "romeo@example.org/garden"
    assert full.with_resource("") == full.bare
    with pytest.raises(JIDError):
        full.with_resource("\x00")


def test_of_enforces_each_part() -> None:
    assert str(JID.of("Romeo", "Example.org", "A/b@c")) == "romeo@example.org/A/b@c"
    assert str(JID.of("", "example.org")) == "example.org"
    for parts in (("a@b", "x", ""), ("a", "x/y", ""), ("a", "", "r")):
        with pytest.raises(JIDError):
            JID.of(*parts)


_TEXT = st.text(max_size=12) | st.text("aBß.ｆ-_1[]:@/\\ ΑΣς\u0130ｰ\u0345", max_size=8)


@settings(max_examples=600, deadline=None)
@given(_TEXT, _TEXT, _TEXT)
def test_parsing_what_was_printed_gives_the_same(local: str, domain: str, resource: str) -> None:
    text = f"{local}@{domain}/{resource}"
    try:
        jid = JID.parse(text)
    except JIDError:
        return
    again = JID.parse(str(jid))
    assert again == jid
    assert str(again) == str(jid)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_a_jid_or_a_printable_error(text: str) -> None:
    problem = None
    try:
        jid = JID.parse(text)
    except JIDError as error:
        problem = error.problem
    assert JID.parse(str(jid)) == jid if problem is None else problem.what.isprintable()


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x21), min_size=1, max_size=10))
def test_the_ascii_path_agrees_with_precis(text: str) -> None:
    import precis_i18n

    try:
        jid = JID.of(text, "x", text)
    except JIDError:
        assert set("\"&'/:<>@") & set(text)
    else:
        assert jid.local == precis_i18n.get_profile("UsernameCaseMapped").enforce(text)
        assert jid.resource == precis_i18n.get_profile("OpaqueString").enforce(text)


def test_an_ascii_address_imports_nothing_heavy() -> None:
    code = (
        "import sys; from xmppshell.protocol.jid import JID;"
        "assert str(JID.parse('Juliet@Example.com./Balcony 1')) == 'juliet@example.com/Balcony 1';"
        "print([n for n in ('precis_i18n', 'idna', 'ipaddress', 'lxml') if n in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
