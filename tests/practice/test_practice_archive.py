"""The archives of the users: what is in them, and what they answer (XEP-0313, XEP-0441)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from practice.stage_driver import House, error_of, parsed, receivers

from xmppshell.practice.messages import archive as archives
from xmppshell.practice.messages.archive import Archive, Filter
from xmppshell.practice.messages.archive_queries import MAX_IDS, MAX_PAGE
from xmppshell.protocol.jid import JID

MAM = "{urn:xmpp:mam:2}"
RSM = "{http://jabber.org/protocol/rsm}"
FORWARDED = "{urn:xmpp:forward:0}forwarded"
BODY = "<body>x</body>"


def form(**fields: str | list[str]) -> str:
    inside = "".join(
        f"<field var='{name if name.isupper() else name.replace('_', '-')}'>"
        + "".join(f"<value>{v}</value>" for v in ([values] if isinstance(values, str) else values))
        + "</field>"
        for name, values in {"FORM_TYPE": "urn:xmpp:mam:2", **fields}.items()
    )
    return f"<x xmlns='jabber:x:data' type='submit'>{inside}</x>"


def rsm(inside: str) -> str:
    return f"<set xmlns='http://jabber.org/protocol/rsm'>{inside}</set>"


def iq(payload: str, kind: str = "set", to: str = "") -> str:
    target = f" to='{to}'" if to else ""
    return f"<iq type='{kind}' id='q'{target}>{payload}</iq>"


def query(inside: str = "", attributes: str = "") -> str:
    return iq(f"<query xmlns='urn:xmpp:mam:2'{attributes}>{inside}</query>")


class Found:
    """The answer to a query: the bodies and UIDs of the messages, and the end."""

    def __init__(self, said: list[tuple[str, str]]) -> None:
        elements = [parsed(text) for _, text in said]
        self.fin = elements[-1].find(f"{MAM}fin")
        assert self.fin is not None, said[-1]
        results = [element.find(f"{MAM}result") for element in elements[:-1]]
        self.uids = [result.get("id") for result in results if result is not None]
        messages = [
            result.find(f"{FORWARDED}/{{jabber:client}}message")
            for result in results
            if result is not None
        ]
        self.messages = [message for message in messages if message is not None]
        self.bodies = [message.findtext("{jabber:client}body") for message in self.messages]
        self.complete = self.fin.get("complete") == "true"
        self.count = self.fin.findtext(f"{RSM}set/{RSM}count")
        self.first = self.fin.findtext(f"{RSM}set/{RSM}first")
        self.last = self.fin.findtext(f"{RSM}set/{RSM}last")


def search(house: House, who: str, inside: str = "") -> Found:
    return Found(house.say(who, query(inside)))


def send(house: House, who: str, to: str, content: str = BODY, kind: str = "chat") -> None:
    house.say(who, f"<message to='{to}' type='{kind}'>{content}</message>")


@pytest.fixture
def house() -> House:
    house = House()
    house.enter("juliet/balcony", 0)
    house.enter("romeo/orchard", 0)
    return house


@pytest.fixture
def talk(house: House) -> House:
    """Six messages: 0, 2 and 4 from Juliet to Romeo, 1 and 3 back, 5 to the nurse."""
    for number in range(5):
        who, to = ("juliet/balcony", "romeo") if number % 2 == 0 else ("romeo/orchard", "juliet")
        send(house, who, f"{to}@localhost", f"<body>{number}</body>")
    send(house, "juliet/balcony", "nurse@localhost/chamber", "<body>5</body>")
    return house


class TestWhatGoesIn:
    def test_both_sides_have_it_and_its_id(self, house: House) -> None:
        text = "<message to='romeo@localhost' type='chat' id='m'><body>x</body></message>"
        ((who, arrived),) = house.say("juliet/balcony", text)
        assert who == "romeo/orchard"
        ours = search(house, "romeo/orchard")
        assert f"<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@localhost' id='{ours.uids[0]}'/>" in (
            arrived
        )
        theirs = search(house, "juliet/balcony")
        assert theirs.bodies == ours.bodies == ["x"]
        assert theirs.uids != ours.uids

    def test_a_result_is_the_message_as_it_was(self, house: House) -> None:
        send(house, "juliet/balcony", "romeo@localhost", "<body>a &amp; b</body>")
        said = house.say("romeo/orchard", query(attributes=" queryid='f&lt;27'"))
        assert said == [
            (
                "romeo/orchard",
                "<message from='romeo@localhost' to='romeo@localhost/orchard'>"
                "<result xmlns='urn:xmpp:mam:2' queryid='f&lt;27' id='1'>"
                "<forwarded xmlns='urn:xmpp:forward:0'>"
                "<delay xmlns='urn:xmpp:delay' stamp='2026-11-22T12:00:00Z'/>"
                "<message to='romeo@localhost' type='chat' from='juliet@localhost/balcony' "
                "xmlns='jabber:client'><body>a &amp; b</body></message>"
                "</forwarded></result></message>",
            ),
            (
                "romeo/orchard",
                "<iq type='result' id='q' to='romeo@localhost/orchard'>"
                "<fin xmlns='urn:xmpp:mam:2' complete='true'>"
                "<set xmlns='http://jabber.org/protocol/rsm'><first index='0'>1</first>"
                "<last>1</last><count>1</count></set></fin></iq>",
            ),
        ]

    @pytest.mark.parametrize(
        ("kind", "content", "archived"),
        [
            ("normal", BODY, True),
            ("unheard-of", BODY, True),
            ("headline", BODY, False),
            ("groupchat", BODY, False),
            ("error", BODY, False),
            ("chat", "<received xmlns='urn:xmpp:receipts' id='1'/>", True),
            ("chat", "<active xmlns='http://jabber.org/protocol/chatstates'/>", False),
            ("chat", f"{BODY}<no-store xmlns='urn:xmpp:hints'/>", False),
            ("chat", f"{BODY}<no-permanent-store xmlns='urn:xmpp:hints'/>", False),
            ("chat", "<thread>t</thread><store xmlns='urn:xmpp:hints'/>", True),
        ],
    )
    def test_by_type_and_content(
        self, house: House, kind: str, content: str, archived: bool
    ) -> None:
        send(house, "juliet/balcony", "romeo@localhost/orchard", content, kind)
        assert len(search(house, "romeo/orchard").uids) == archived
        assert len(search(house, "juliet/balcony").uids) == archived

    def test_once_however_many_get_it(self, house: House) -> None:
        house.enter("romeo/phone", 0)
        house.enter("romeo/pc", -1)
        house.say("romeo/pc", "<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
        said = house.say(
            "juliet/balcony", "<message to='romeo@localhost' type='chat'><body>x</body></message>"
        )
        assert receivers(said) == ["romeo/orchard", "romeo/phone", "romeo/pc"]
        assert all(" id='1'/></message>" in text for _, text in said)
        assert len(search(house, "romeo/orchard").uids) == 1

    def test_what_was_returned_is_in_one_only(self, house: House) -> None:
        send(house, "juliet/balcony", "romeo@localhost/none", kind="normal")
        assert search(house, "romeo/orchard").uids == []
        assert search(house, "juliet/balcony").bodies == ["x"]

    def test_what_waits_is_archived_as_well(self, house: House) -> None:
        house.leave("romeo/orchard")
        send(house, "juliet/balcony", "romeo@localhost")
        waited = house.enter("romeo/phone", 0)[-1][1]
        assert "<stanza-id " in waited
        found = search(house, "romeo/phone")
        assert found.bodies == ["x"]
        assert "urn:xmpp:delay" not in found.messages[0].nsmap.values()

    def test_to_oneself(self, house: House) -> None:
        send(house, "juliet/balcony", "juliet@localhost")
        send(house, "juliet/balcony", "romeo@localhost")
        assert len(search(house, "juliet/balcony").uids) == 2
        assert len(search(house, "juliet/balcony", form(**{"with": "juliet@localhost"})).uids) == 1

    def test_the_oldest_go(self, monkeypatch: pytest.MonkeyPatch, house: House) -> None:
        monkeypatch.setattr(archives, "MAX_ENTRIES", 3)
        for number in range(5):
            send(house, "juliet/balcony", "romeo@localhost", f"<body>{number}</body>")
        assert search(house, "romeo/orchard").bodies == ["2", "3", "4"]
        monkeypatch.setattr(archives, "MAX_BYTES", 400)
        send(house, "juliet/balcony", "romeo@localhost", f"<body>{'y' * 200}</body>")
        assert search(house, "romeo/orchard").bodies[-1] == "y" * 200
        assert search(house, "romeo/orchard").count == "2"


class TestForgedIds:
    FORGED = "<stanza-id xmlns='urn:xmpp:sid:0' by='{}' id='forged'/>"

    @pytest.mark.parametrize("by", ["romeo@localhost", "ROMEO@LocalHost"])
    @pytest.mark.parametrize("kind", ["chat", "headline"])
    def test_the_own_address_is_taken_away(self, house: House, by: str, kind: str) -> None:
        forged = self.FORGED.format(by)
        text = f"<message to='romeo@localhost' type='{kind}'>{forged}{BODY}{forged}</message>"
        arrived = house.say("juliet/balcony", text)[0][1]
        assert "forged" not in arrived
        assert arrived.count("<stanza-id") == (kind == "chat")

    @pytest.mark.parametrize("by", ["juliet@localhost", "room@rooms.localhost", "@", ""])
    def test_others_are_left(self, house: House, by: str) -> None:
        forged = self.FORGED.format(by)
        text = f"<message to='romeo@localhost' type='chat'>{BODY}{forged}</message>"
        assert forged in house.say("juliet/balcony", text)[0][1]

    def test_inside_of_something_else_it_is_left(self, house: House) -> None:
        inner = f"<x xmlns='urn:x'>{self.FORGED.format('romeo@localhost')}</x>"
        text = f"<message to='romeo@localhost' type='chat'>{inner}{BODY}</message>"
        assert inner in house.say("juliet/balcony", text)[0][1]

    def test_the_sender_cannot_forge_its_own(self, house: House) -> None:
        send(house, "juliet/balcony", "romeo@localhost", self.FORGED.format("juliet@localhost"))
        assert search(house, "juliet/balcony").uids == []
        send(
            house,
            "juliet/balcony",
            "romeo@localhost",
            BODY + self.FORGED.format("juliet@localhost"),
        )
        (message,) = search(house, "juliet/balcony").messages
        assert [child.tag for child in message] == ["{jabber:client}body"]


class TestFilters:
    @pytest.mark.parametrize(
        ("who", "expected"),
        [
            ("romeo@localhost", "01234"),
            ("romeo@localhost/orchard", "13"),
            ("ROMEO@localhost", "01234"),
            ("nurse@localhost", "5"),
            ("nurse@localhost/chamber", "5"),
            ("nurse@localhost/x", ""),
            ("juliet@localhost", ""),
            ("localhost", ""),
        ],
    )
    def test_with(self, talk: House, who: str, expected: str) -> None:
        found = search(talk, "juliet/balcony", form(**{"with": who}))
        assert "".join(filter(None, found.bodies)) == expected
        assert found.count == str(len(expected))

    @pytest.mark.parametrize(
        ("fields", "matches"),
        [
            ({"start": "2026-11-22T12:00:00Z"}, True),
            ({"end": "2026-11-22T12:00:00Z"}, True),
            ({"start": "2026-11-22T12:00:01Z"}, False),
            ({"end": "2026-11-22T11:59:59.999Z"}, False),
            ({"start": "2026-11-22T13:00:00+01:00"}, True),
            ({"start": "2026-11-22T13:00:00-01:00"}, False),
            ({"start": "0001-01-01T00:00:00Z", "end": "9999-12-31T23:59:59Z"}, True),
        ],
    )
    def test_times(self, talk: House, fields: dict[str, str], matches: bool) -> None:
        assert len(search(talk, "juliet/balcony", form(**fields)).uids) == 6 * matches

    def test_ids(self, talk: House) -> None:
        uids = search(talk, "juliet/balcony").uids
        found = search(talk, "juliet/balcony", form(ids=[uids[4] or "", uids[1] or ""]))
        assert found.bodies == ["1", "4"], "in the order of the archive"
        between = form(after_id=uids[0] or "", before_id=uids[4] or "")
        assert search(talk, "juliet/balcony", between).bodies == ["1", "2", "3"]

    @pytest.mark.parametrize(
        ("inside", "condition"),
        [
            (form(ids="nope"), "item-not-found"),
            (form(after_id="nope"), "item-not-found"),
            (form(before_id="nope"), "item-not-found"),
            (rsm("<after>nope</after>"), "item-not-found"),
            (rsm("<before>nope</before>"), "item-not-found"),
            (form(start="yesterday"), "bad-request"),
            (form(start="2026-02-30T00:00:00Z"), "bad-request"),
            (form(end="2026-11-22T12:00:00"), "bad-request"),
            (form(start="0001-01-01T00:00:00+14:00"), "bad-request"),
            (form(**{"with": "@"}), "bad-request"),
            (form(**{"with": ["a@b", "c@d"]}), "bad-request"),
            (form(include_groupchat="true"), "feature-not-implemented"),
            (form(**{"{urn:example}text": "x"}), "feature-not-implemented"),
            (form().replace("mam:2", "mam:1"), "bad-request"),
            (form().replace("submit", "form"), "bad-request"),
            (rsm("<max>x</max>"), "bad-request"),
            (form(ids=["1"] * (MAX_IDS + 1)), "policy-violation"),
        ],
    )
    def test_what_cannot_be_answered(self, house: House, inside: str, condition: str) -> None:
        said = house.say("juliet/balcony", query(inside))
        assert error_of(said)[2] == condition
        assert "<text " in said[0][1]


class TestPages:
    def test_page_by_page(self, talk: House) -> None:
        found = search(talk, "juliet/balcony", rsm("<max>4</max>"))
        assert found.bodies == ["0", "1", "2", "3"]
        assert (found.complete, found.count) == (False, "6")
        assert (found.first, found.last) == (found.uids[0], found.uids[-1])
        found = search(talk, "juliet/balcony", rsm(f"<max>4</max><after>{found.last}</after>"))
        assert found.bodies == ["4", "5"]
        assert found.complete

    def test_the_last_page_first(self, talk: House) -> None:
        found = search(talk, "juliet/balcony", rsm("<max>2</max><before/>"))
        assert found.bodies == ["4", "5"]
        assert not found.complete

    def test_the_count_alone(self, talk: House) -> None:
        found = search(talk, "juliet/balcony", rsm("<max>0</max>"))
        assert (found.uids, found.count, found.first) == ([], "6", None)

    def test_flipped(self, talk: House) -> None:
        found = search(talk, "juliet/balcony", rsm("<max>3</max><before/>") + "<flip-page/>")
        assert found.bodies == ["5", "4", "3"]
        assert (found.first, found.last) == (found.uids[-1], found.uids[0])

    def test_after_a_message_that_the_filter_leaves_out(self, talk: House) -> None:
        uids = search(talk, "juliet/balcony").uids
        inside = form(**{"with": "romeo@localhost/orchard"}) + rsm(f"<after>{uids[2]}</after>")
        assert search(talk, "juliet/balcony", inside).bodies == ["3"]

    def test_an_empty_archive(self, house: House) -> None:
        found = search(house, "juliet/balcony")
        assert (found.uids, found.complete, found.count) == ([], True, "0")

    def test_no_more_than_the_cap(self, house: House) -> None:
        for _ in range(MAX_PAGE + 1):
            send(house, "juliet/balcony", "romeo@localhost")
        found = search(house, "juliet/balcony", rsm("<max>1000</max>"))
        assert (len(found.uids), found.complete) == (MAX_PAGE, False)

    @given(st.integers(0, 30), st.integers(1, 35), st.booleans(), st.data())
    @settings(max_examples=60)
    def test_all_pages_are_what_was_found(
        self, count: int, size: int, backwards: bool, data: st.DataObject
    ) -> None:
        house = House()
        house.enter("juliet/balcony", 0)
        for number in range(count):
            send(
                house, "juliet/balcony", "a@b.example/" + str(number % 3), f"<body>{number}</body>"
            )
        peer = data.draw(st.sampled_from(["a@b.example", "a@b.example/0", "a@b.example/2"]))
        wanted = form(**{"with": peer})
        seen: list[str | None] = []
        edge = "<before/>" if backwards else ""
        while True:
            inside = wanted + rsm(f"<max>{size}</max>{edge}")
            found = search(house, "juliet/balcony", inside)
            seen = found.bodies + seen if backwards else seen + found.bodies
            if found.complete:
                break
            edge = (
                f"<before>{found.first}</before>" if backwards else f"<after>{found.last}</after>"
            )
        remainder = peer.partition("/")[2]
        numbers = range(count) if not remainder else range(int(remainder), count, 3)
        assert seen == [str(number) for number in numbers]


class TestAround:
    def test_only_for_the_owner(self, talk: House) -> None:
        for payload, kind in (
            ("<query xmlns='urn:xmpp:mam:2'/>", "set"),
            ("<query xmlns='urn:xmpp:mam:2'/>", "get"),
            ("<metadata xmlns='urn:xmpp:mam:2'/>", "get"),
            ("<prefs xmlns='urn:xmpp:mam:2'/>", "get"),
            ("<prefs xmlns='urn:xmpp:mam:2' default='never'/>", "set"),
        ):
            said = talk.say("romeo/orchard", iq(payload, kind, "juliet@localhost"))
            assert error_of(said) == ("romeo/orchard", "auth", "forbidden")

    def test_addressed_to_the_own_account(self, talk: House) -> None:
        payload = "<query xmlns='urn:xmpp:mam:2'/>"
        said = talk.say("juliet/balcony", iq(payload, to="juliet@localhost"))
        assert len(said) == 7
        assert "from='juliet@localhost'" in said[-1][1]

    def test_the_form(self, house: House) -> None:
        ((_, text),) = house.say("juliet/balcony", iq("<query xmlns='urn:xmpp:mam:2'/>", "get"))
        names = [field.get("var") for field in parsed(text).iter("{jabber:x:data}field")]
        assert names == ["FORM_TYPE", "with", "start", "end", "before-id", "after-id", "ids"]

    def test_metadata(self, talk: House) -> None:
        payload = iq("<metadata xmlns='urn:xmpp:mam:2'/>", "get")
        uids = search(talk, "juliet/balcony").uids
        stamp = "timestamp='2026-11-22T12:00:00Z'"
        assert (
            f"<metadata xmlns='urn:xmpp:mam:2'><start id='{uids[0]}' {stamp}/>"
            f"<end id='{uids[-1]}' {stamp}/></metadata>"
        ) in talk.say("juliet/balcony", payload)[0][1]
        talk.enter("mercutio/street")
        assert "<metadata xmlns='urn:xmpp:mam:2'/>" in talk.say("mercutio/street", payload)[0][1]

    def test_disco(self, house: House) -> None:
        info = "<query xmlns='http://jabber.org/protocol/disco#info'/>"
        ((_, text),) = house.say("juliet/balcony", iq(info, "get"))
        for feature in ("urn:xmpp:mam:2", "urn:xmpp:mam:2#extended", "urn:xmpp:sid:0"):
            assert f"<feature var='{feature}'/>" in text


def prefs(default: str, always: str = "", never: str = "") -> str:
    lists = "".join(
        f"<{name}><jid>{jid}</jid></{name}>" if jid else f"<{name}/>"
        for name, jid in (("always", always), ("never", never))
    )
    return f"<prefs xmlns='urn:xmpp:mam:2' default='{default}'>{lists}</prefs>"


class TestPreferences:
    def test_at_first_everything_is_archived(self, house: House) -> None:
        payload = iq("<prefs xmlns='urn:xmpp:mam:2'/>", "get")
        assert prefs("always") in house.say("juliet/balcony", payload)[0][1]

    def test_they_are_kept(self, house: House) -> None:
        wanted = prefs("roster", "a@b/C", "d@e")
        assert wanted in house.say("juliet/balcony", iq(wanted.replace("a@b", "A@B")))[0][1]
        payload = iq("<prefs xmlns='urn:xmpp:mam:2'/>", "get")
        assert wanted in house.say("juliet/balcony", payload)[0][1]

    @pytest.mark.parametrize(
        ("wanted", "romeo", "mercutio"),
        [
            (prefs("always"), 2, 1),
            (prefs("never"), 0, 0),
            (prefs("roster"), 2, 0),
            (prefs("never", always="romeo@localhost"), 2, 0),
            (prefs("never", always="romeo@localhost/orchard"), 1, 0),
            (prefs("always", never="romeo@localhost"), 0, 1),
            (prefs("always", never="romeo@localhost/orchard"), 1, 1),
            (prefs("always", always="romeo@localhost", never="romeo@localhost"), 0, 1),
            ("<prefs xmlns='urn:xmpp:mam:2' default='never'/>", 0, 0),
        ],
    )
    def test_they_count(self, house: House, wanted: str, romeo: int, mercutio: int) -> None:
        house.say("juliet/balcony", iq(wanted))
        send(house, "juliet/balcony", "romeo@localhost")
        send(house, "romeo/orchard", "juliet@localhost")
        send(house, "juliet/balcony", "mercutio@localhost")
        counts = [
            len(search(house, "juliet/balcony", form(**{"with": f"{who}@localhost"})).uids)
            for who in ("romeo", "mercutio")
        ]
        assert counts == [romeo, mercutio]

    @pytest.mark.parametrize(
        ("wanted", "condition"),
        [
            (prefs("sometimes"), "bad-request"),
            ("<prefs xmlns='urn:xmpp:mam:2'/>", "bad-request"),
            (prefs("always", always="@"), "jid-malformed"),
            (prefs("always", never="a@b" + "</jid><jid>a@b" * 100), "policy-violation"),
        ],
    )
    def test_what_cannot_be(self, house: House, wanted: str, condition: str) -> None:
        assert error_of(house.say("juliet/balcony", iq(wanted)))[2] == condition


class TestTheArchiveItself:
    """As rooms use it: it knows no accounts."""

    def test_order_and_times(self) -> None:
        uids = iter("abc")
        archive = Archive(lambda: next(uids))
        peer = JID.parse("room@rooms.localhost/Juliet")
        at = datetime(2026, 1, 1, 12, 0, 0, 999_999, tzinfo=UTC)
        assert [archive.add(b"<message/>", peer, at) for _ in range(3)] == ["a", "b", "c"]
        assert archive.ends is not None
        assert archive.ends[0].stamp == "2026-01-01T12:00:00Z"
        assert [entry.uid for entry in archive.find(Filter(peer=peer.bare))] == ["a", "b", "c"]
        assert archive.find(Filter(peer=JID.parse("room@rooms.localhost/Romeo"))) == []
        found = archive.find(Filter(after=archive.number_of("a")))
        assert [entry.uid for entry in found] == ["b", "c"]
