"""Discovery against a name server on loopback."""

from __future__ import annotations

import time
from collections import Counter

import dns.rcode
import pytest
from loopback_dns import SILENCE, Answer, name_server

from xmppshell.network import discovery
from xmppshell.network.discovery import Target, TlsMode, discover
from xmppshell.network.failures import ConnectionFailed
from xmppshell.network.srv import SrvRecord, processing_order

PLAIN = "_xmpp-client._tcp.example.org"
DIRECT = "_xmpps-client._tcp.example.org"


async def found(
    answers: dict[str, Answer],
    domain: str = "example.org",
    *,
    tls: TlsMode | None = None,
    seconds: float = 2.0,
) -> list[Target]:
    async with name_server(answers) as server:
        return await discover(domain, tls=tls, resolver=server.resolver, timeout=seconds)


def places(targets: list[Target]) -> list[tuple[str, int, bool]]:
    return [(target.host, target.port, target.direct_tls) for target in targets]


# Without DNS.


@pytest.mark.parametrize(
    ("tls", "port", "place"),
    [
        (None, None, ("h.example", 5222, False)),
        (TlsMode.STARTTLS, None, ("h.example", 5222, False)),
        (TlsMode.NONE, None, ("h.example", 5222, False)),
        (TlsMode.DIRECT, None, ("h.example", 5223, True)),
        (TlsMode.DIRECT, 443, ("h.example", 443, True)),
        (TlsMode.STARTTLS, 5223, ("h.example", 5223, False)),
        (None, 5223, ("h.example", 5223, True)),
        (None, 7000, ("h.example", 7000, False)),
    ],
)
async def test_a_host_that_was_given(
    tls: TlsMode | None, port: int | None, place: tuple[str, int, bool]
) -> None:
    async with name_server({}) as server:
        targets = await discover(
            "example.org", host="h.example", port=port, tls=tls, resolver=server.resolver
        )
        assert places(targets) == [place]
        assert "given" in targets[0].why
        assert server.questions == []


async def test_a_port_that_was_given_is_one_of_the_domain_itself() -> None:
    async with name_server({PLAIN: ["0 0 5222 x.example.org."]}) as server:
        targets = await discover("example.org", port=15222, resolver=server.resolver)
        assert places(targets) == [("example.org", 15222, False)]
        assert "port" in targets[0].why
        assert server.questions == []


@pytest.mark.parametrize(
    ("domain", "host"),
    [
        ("localhost", "localhost"),
        ("LOCALHOST", "LOCALHOST"),
        ("play.localhost", "play.localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
    ],
)
@pytest.mark.parametrize("tls", [None, TlsMode.DIRECT])
async def test_addresses_and_localhost_never_go_to_dns(
    domain: str, host: str, tls: TlsMode | None
) -> None:
    async with name_server({}) as server:
        targets = await discover(domain, tls=tls, resolver=server.resolver)
        direct = tls is TlsMode.DIRECT
        assert places(targets) == [(host, 5223 if direct else 5222, direct)]
        assert targets[0].why
        assert server.questions == []


# With SRV records.


async def test_both_kinds_are_asked_for_and_merged_by_priority() -> None:
    answers: dict[str, Answer] = {
        PLAIN: ["10 0 5222 b.example.org.", "30 0 5222 d.example.org."],
        DIRECT: ["5 0 443 a.example.org.", "20 0 5223 c.example.org."],
    }
    async with name_server(answers) as server:
        targets = await discover("example.org", resolver=server.resolver)
        assert sorted(server.questions) == [f"{PLAIN}.", f"{DIRECT}."]
    assert places(targets) == [
        ("a.example.org", 443, True),
        ("b.example.org", 5222, False),
        ("c.example.org", 5223, True),
        ("d.example.org", 5222, False),
    ]
    assert targets[0].why == f"SRV {DIRECT}, priority 5"
    assert targets[1].why == f"SRV {PLAIN}, priority 10"


@pytest.mark.parametrize(
    ("tls", "asked", "direct"),
    [
        (TlsMode.STARTTLS, PLAIN, False),
        (TlsMode.NONE, PLAIN, False),
        (TlsMode.DIRECT, DIRECT, True),
    ],
)
async def test_a_mode_restricts_the_search_to_its_kind(
    tls: TlsMode, asked: str, direct: bool
) -> None:
    answers: dict[str, Answer] = {
        PLAIN: ["0 0 1000 p.example.org."],
        DIRECT: ["0 0 1000 d.example.org."],
    }
    async with name_server(answers) as server:
        targets = await discover("example.org", tls=tls, resolver=server.resolver)
        assert server.questions == [f"{asked}."]
    assert [target.direct_tls for target in targets] == [direct]


async def test_an_internationalised_domain_is_asked_for_by_its_a_label() -> None:
    answers: dict[str, Answer] = {"_xmpp-client._tcp.xn--strae-oqa.example": ["0 0 1 x.example."]}
    assert places(await found(answers, "straße.example")) == [("x.example", 1, False)]


# Without SRV records.


@pytest.mark.parametrize("nothing", [dns.rcode.NXDOMAIN, []])
@pytest.mark.parametrize(
    ("tls", "place"),
    [
        (None, ("example.org", 5222, False)),
        (TlsMode.STARTTLS, ("example.org", 5222, False)),
        (TlsMode.DIRECT, ("example.org", 5223, True)),
    ],
)
async def test_no_records_leave_the_domain_itself(
    nothing: Answer, tls: TlsMode | None, place: tuple[str, int, bool]
) -> None:
    targets = await found({PLAIN: nothing, DIRECT: nothing}, tls=tls)
    assert places(targets) == [place]
    assert "no SRV records" in targets[0].why


async def test_one_kind_is_enough() -> None:
    assert places(await found({DIRECT: ["1 1 443 a.example.org."]})) == [
        ("a.example.org", 443, True)
    ]
    assert places(await found({PLAIN: ["1 1 5222 a.example.org."], DIRECT: ["0 0 0 ."]})) == [
        ("a.example.org", 5222, False)
    ]


@pytest.mark.parametrize(
    ("answers", "tls"),
    [
        ({PLAIN: ["0 0 0 ."], DIRECT: ["0 0 0 ."]}, None),
        ({PLAIN: ["0 0 0 ."]}, None),
        ({PLAIN: ["0 0 0 ."], DIRECT: ["0 0 443 a.example.org."]}, TlsMode.STARTTLS),
        ({DIRECT: ["0 0 0 ."], PLAIN: ["0 0 5222 a.example.org."]}, TlsMode.DIRECT),
    ],
)
async def test_a_service_that_is_not_offered_is_not_tried(
    answers: dict[str, Answer], tls: TlsMode | None
) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        await found(answers, tls=tls)
    assert caught.value.kind == "dns"
    assert "example.org" in caught.value.problem.what
    assert "--host" in caught.value.problem.cure


async def test_direct_tls_not_offered_leaves_the_domain_with_starttls() -> None:
    assert places(await found({DIRECT: ["0 0 0 ."]})) == [("example.org", 5222, False)]


# When DNS fails.


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
async def test_an_error_of_the_name_server_falls_back_and_says_so(rcode: dns.rcode.Rcode) -> None:
    targets = await found({PLAIN: rcode, DIRECT: rcode})
    assert places(targets) == [("example.org", 5222, False)]
    assert "could not be looked up" in targets[0].why
    assert dns.rcode.to_text(rcode) in targets[0].why


async def test_a_name_server_that_is_silent_falls_back_in_time_and_says_so() -> None:
    started = time.perf_counter()
    targets = await found({PLAIN: SILENCE, DIRECT: SILENCE}, seconds=0.3)
    assert time.perf_counter() - started < 2
    assert places(targets) == [("example.org", 5222, False)]
    assert "no answer within 0.3 s" in targets[0].why


async def test_one_silent_question_does_not_hold_up_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(discovery, "_GRACE", 0.1)
    started = time.perf_counter()
    targets = await found({PLAIN: ["0 0 5222 a.example.org."], DIRECT: SILENCE}, seconds=5)
    assert time.perf_counter() - started < 2
    assert places(targets) == [("a.example.org", 5222, False)]


async def test_no_name_server_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    import dns.asyncresolver
    import dns.resolver

    def none() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.asyncresolver, "Resolver", none)
    for tls, place in (
        (None, ("example.org", 5222, False)),
        (TlsMode.DIRECT, ("example.org", 5223, True)),
    ):
        targets = await discover("example.org", tls=tls)
        assert places(targets) == [place]
        assert "no name server is configured" in targets[0].why


@pytest.mark.parametrize("domain", ["", "a..b", "x" * 64 + ".org"])
async def test_a_domain_that_cannot_be_one(domain: str) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        await discover(domain)
    assert caught.value.kind == "dns"


# The choice among several (RFC 2782).


def record(host: str, priority: int, weight: int) -> SrvRecord:
    return SrvRecord(priority, weight, host, 5222, direct_tls=False)


def test_weights_decide_how_often_a_record_comes_first() -> None:
    import random

    draw = random.Random(6120).randint
    records = [record("light", 1, 10), record("heavy", 1, 90), record("later", 2, 1000)]
    first: Counter[str] = Counter()
    for _ in range(2000):
        order = [each.host for each in processing_order(records, draw)]
        assert sorted(order[:2]) == ["heavy", "light"]
        assert order[2] == "later"
        first[order[0]] += 1
    assert 120 < first["light"] < 300


def test_a_record_without_weight_is_first_only_by_the_least_draw() -> None:
    records = [record("heavy", 1, 5), record("weightless", 1, 0)]
    assert [each.host for each in processing_order(records, lambda low, high: low)] == [
        "weightless",
        "heavy",
    ]
    for point in range(1, 6):
        order = processing_order(records, lambda low, high, point=point: min(point, high))
        assert order[0].host == "heavy"


def test_equal_records_are_all_kept() -> None:
    records = [record("twin", 1, 1), record("twin", 1, 1)]
    assert processing_order(records) == records
