"""The JSON of a check-up: the keys that programs may rely on."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from checkup import fact_shop as shop
from checkup.fact_shop import GOOD

from xmppshell.checkup import as_json as module
from xmppshell.checkup.as_json import as_json
from xmppshell.checkup.facts import Facts
from xmppshell.checkup.report import findings


def converted(facts: Facts) -> dict[str, object]:
    """Return what a program reads."""
    found: dict[str, object] = json.loads(json.dumps(as_json(facts, findings(facts))))
    return found


def keys_of(value: object) -> set[str]:
    """Collect every key, but those that are values themselves (the versions of TLS)."""
    if isinstance(value, dict):
        below = {key for each in value.values() for key in keys_of(each)}
        return {key for key in value if not key[0].isdigit()} | below
    if isinstance(value, list):
        return {key for each in value for key in keys_of(each)}
    return set()


def test_every_key_is_documented() -> None:
    documented = set(re.findall(r"`([a-z0-9_]+)`", module.__doc__ or ""))
    levels = {"ok", "note", "warning", "failure"}
    assert keys_of(converted(GOOD)) - documented == levels


def test_the_keys_stay_what_they_are() -> None:
    assert set(converted(GOOD)) == {
        "format", "domain", "at", "reachable", "result", "counts", "findings", "dns", "places",
        "login", "host_meta",
    }  # fmt: skip
    place = as_json(GOOD, [])["places"][0]
    assert set(place) == {
        "host", "port", "tls", "why", "addresses", "problem", "tls_version", "cipher", "alpn",
        "versions", "certificate", "before", "after",
    }  # fmt: skip


def test_values() -> None:
    found = as_json(GOOD, findings(GOOD))
    assert (found["format"], found["domain"], found["result"]) == (1, "example.org", "ok")
    assert found["at"] == "2026-11-22T12:00:00+00:00"
    assert found["counts"]["ok"] == len(found["findings"])
    assert found["dns"]["direct_tls"]["records"] == [
        {"priority": 5, "weight": 10, "host": "xmpp.example.org", "port": 443}
    ]
    place = found["places"][0]
    assert place["certificate"]["days_left"] == 60
    assert place["versions"]["1.0"]["result"] == "refused"
    assert place["before"]["starttls"] == "required"
    assert place["after"]["channel_bindings"] == ["tls-exporter", "tls-server-end-point"]
    assert found["login"]["mechanism"] == "SCRAM-SHA-256-PLUS"
    assert found["host_meta"]["websockets"][0]["url"] == "wss://example.org/ws"


def test_what_was_not_looked_at_is_null() -> None:
    bare = replace(
        shop.with_place(certificate=None, before=None, after=None, versions=(), cipher=""),
        login=None, host_meta=None, starttls=None, direct_tls=None, no_dns="as given",
    )  # fmt: skip
    found = as_json(bare, findings(bare))
    assert found["login"] is None
    assert found["host_meta"] is None
    assert found["dns"] == {"asked": False, "starttls": None, "direct_tls": None}
    assert found["places"][0]["certificate"] is None
    assert found["places"][0]["cipher"] is None
