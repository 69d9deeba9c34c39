from __future__ import annotations

import pytest

from xmppshell.network.hostname import host_and_port, ip_address, is_localhost, to_ascii


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("example.org", None),
        ("127.0.0.1.example.org", None),
        ("[example.org]", None),
        ("1234", None),
        ("", None),
    ],
)
def test_an_ip_address_is_told_from_a_name(name: str, address: str | None) -> None:
    assert ip_address(name) == address


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "localhost.", "a.b.localhost"])
def test_localhost_and_what_is_below_it(name: str) -> None:
    assert is_localhost(name)


@pytest.mark.parametrize("name", ["localhost.example.org", "notlocalhost", "example.org", ""])
def test_what_is_not_localhost(name: str) -> None:
    assert not is_localhost(name)


@pytest.mark.parametrize(
    ("name", "ascii_name"),
    [
        ("example.org", "example.org"),
        ("example.org.", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),  # IDNA 2008 keeps ß
        ("_internal.example", "_internal.example"),
        ("[2001:db8::1]", "2001:db8::1"),
    ],
)
def test_names_as_dns_writes_them(name: str, ascii_name: str) -> None:
    assert to_ascii(name) == ascii_name


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", ".a", "x" * 64, ".".join(["x" * 60] * 5), "☃.a b"]
)
def test_what_cannot_be_a_host_name(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - idna has its own subclass
        to_ascii(name)


def test_an_ipv6_address_gets_brackets_before_a_port() -> None:
    assert host_and_port("::1", 5222) == "[::1]:5222"
    assert host_and_port("example.org", 5222) == "example.org:5222"
