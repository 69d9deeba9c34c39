"""Where servers may send us, what is no place, and when a way is too long."""

from __future__ import annotations

import pytest

from xmppshell.protocol.redirects import (
    MAX_REDIRECTS,
    Redirect,
    RedirectError,
    check,
    host_problem,
    parse_host,
    parse_uri,
    see_other_uri,
    uri_problem,
)


@pytest.mark.parametrize(
    ("text", "redirect", "target"),
    [
        ("im.example.org", Redirect("im.example.org"), "im.example.org"),
        (" im.example.org:9090\n", Redirect("im.example.org", 9090), "im.example.org:9090"),
        ("192.0.2.7:5222", Redirect("192.0.2.7", 5222), "192.0.2.7:5222"),
        ("[2001:db8::7]:5222", Redirect("2001:db8::7", 5222), "[2001:db8::7]:5222"),
        ("[2001:db8::7]", Redirect("2001:db8::7"), "[2001:db8::7]"),
        ("2001:db8::7", Redirect("2001:db8::7"), "[2001:db8::7]"),
        ("münchen.example", Redirect("münchen.example"), "münchen.example"),
    ],
)
def test_hosts(text: str, redirect: Redirect, target: str) -> None:
    assert parse_host(text) == redirect
    assert redirect.target == target


@pytest.mark.parametrize(
    "text",
    ["", "  ", "a b", "host:", "host:0", "host:65536", "host:x", ":5222", "[::1", "[host]:1",
     "user@host", "host/path", "[::1]x", "1:2:3", "a\n:5222"],
)  # fmt: skip
def test_what_is_no_host(text: str) -> None:
    assert parse_host(text) is None


@pytest.mark.parametrize("text", ["wss://im.example.org/ws", "WSS://x:5443/", "wss://[::1]:1/x?y"])
def test_websocket_addresses(text: str) -> None:
    assert parse_uri(text, secured=True) == Redirect(uri=text)


def test_whoever_came_over_tls_is_not_led_off_it() -> None:
    assert parse_uri("ws://x/", secured=True) is None
    assert parse_uri("ws://x/", secured=False) == Redirect(uri="ws://x/")


@pytest.mark.parametrize("text", ["", "https://x/", "wss://", "wss://u:p@x/", "wss://a b/"])
def test_what_is_no_websocket_address(text: str) -> None:
    assert parse_uri(text, secured=False) is None


def test_the_uri_of_a_close() -> None:
    framing = "urn:ietf:params:xml:ns:xmpp-framing"
    close = f"<close xmlns='{framing}' see-other-uri='wss://x/?a&amp;b'/>"
    assert see_other_uri(close.encode()) == "wss://x/?a&b"
    assert see_other_uri(f"<close xmlns='{framing}'/>".encode()) is None


def test_the_problem_names_the_target_and_the_domain_that_still_counts() -> None:
    problem = host_problem("h:1", parse_host("h:1"), "example.org")
    assert "h:1" in problem.what
    assert "/follow" in problem.cure
    assert "--host h --port 1" in problem.cure
    assert "example.org" in problem.cure
    assert "names none: a\u27e8U+000A\u27e9b" in host_problem("a\nb", None, "x").what
    assert "--websocket wss://x/" in uri_problem("wss://x/", Redirect(uri="wss://x/")).cure
    assert "must not go" in uri_problem("ws://x/", None).what


def test_a_circle_is_not_walked() -> None:
    check(Redirect("a"), ())
    check(Redirect("b"), ("a",))
    with pytest.raises(RedirectError) as caught:
        check(Redirect("a"), ("a", "b"))
    assert "a → b → a" in caught.value.problem.what


def test_a_way_has_an_end() -> None:
    way = tuple(f"h{n}" for n in range(MAX_REDIRECTS))
    check(Redirect("next"), way[:-1])
    with pytest.raises(RedirectError):
        check(Redirect("next"), way)
