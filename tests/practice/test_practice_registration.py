"""Registration on the practice server: before signing in, and after."""

from __future__ import annotations

from pathlib import Path

import pytest
from practice.raw_client import HEADER, STARTTLS, RawClient, Stand, plain, practice

from xmppshell.practice.accounts import default_accounts
from xmppshell.practice.registration import MAX_ACCOUNTS, Registrar
from xmppshell.practice.server import TlsOffer
from xmppshell.protocol.jid import JID

ERRORS = "urn:ietf:params:xml:ns:xmpp-stanzas"
FEATURE = "<register xmlns='http://jabber.org/features/iq-register'/>"
ASK = "<iq type='get' id='r1' to='localhost'><query xmlns='jabber:iq:register'/></iq>"


def fill(content: str, iq_id: str = "r2") -> str:
    return f"<iq type='set' id='{iq_id}'><query xmlns='jabber:iq:register'>{content}</query></iq>"


def named(username: str, password: str) -> str:
    return f"<username>{username}</username><password>{password}</password>"


def form(username: str, password: str) -> str:
    values = {"FORM_TYPE": "jabber:iq:register", "username": username, "password": password}
    fields = "".join(f"<field var='{v}'><value>{t}</value></field>" for v, t in values.items())
    return f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"


async def stranger(stand: Stand) -> tuple[RawClient, str]:
    """Connect and secure a client; give it and the features after TLS."""
    client = await stand.connect()
    await client.ask(HEADER, "</stream:features>")
    await client.ask(STARTTLS, "<proceed[^>]*>")
    await client.secure()
    return client, await client.ask(HEADER, "</stream:features>")


class TestBeforeSigningIn:
    async def test_it_is_announced_after_tls_only(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand:
            client = await stand.connect()
            assert FEATURE not in await client.ask(HEADER, "</stream:features>")
            assert FEATURE in (await stranger(stand))[1]

    async def test_it_is_off_unless_asked_for(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            client, features = await stranger(stand)
            assert FEATURE not in features
            assert "<not-authorized" in await client.ask(ASK, "</stream:stream>")

    async def test_before_tls_nothing_is_taken(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand:
            client = await stand.connect()
            await client.ask(HEADER, "</stream:features>")
            said = await client.ask(fill(named("tybalt", "cats")), "</stream:stream>")
            assert "<not-authorized" in said
            assert JID.parse("tybalt@localhost") not in stand.server.accounts

    async def test_a_server_without_tls_takes_them(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True, tls=TlsOffer.NONE) as stand:
            client = await stand.connect()
            assert FEATURE in await client.ask(HEADER, "</stream:features>")

    @pytest.mark.parametrize("content", [named("tybalt", "c&amp;ts"), form("tybalt", "c&amp;ts")])
    async def test_an_account_is_made_and_can_be_used(self, tmp_path: Path, content: str) -> None:
        async with practice(tmp_path, registration=True) as stand:
            client, _ = await stranger(stand)
            asked = await client.ask(ASK, "</iq>")
            assert "id='r1' from='localhost'" in asked
            assert "<username/><password/><x xmlns='jabber:x:data' type='form'>" in asked
            assert "type='result'" in await client.ask(fill(content), "</iq>")
            assert "<success" in await client.ask(plain("tybalt", "c&ts"), "<success[^>]*>|</fail")

    @pytest.mark.parametrize(
        ("content", "condition", "words"),
        [
            (named("juliet", "x"), "conflict", "juliet has an account already"),
            (named("JULIET", "x"), "conflict", "juliet has an account already"),
            (named("tybalt", ""), "not-acceptable", "missing: password"),
            ("", "not-acceptable", "missing: username, password"),
            (form("tybalt", ""), "not-acceptable", "missing: password"),
            (named("ty@balt", "x"), "jid-malformed", ""),
            (named("tybalt", "a&#x378;"), "not-acceptable", "SCRAM"),
            ("<remove/>", "unexpected-request", "sign in"),
        ],
    )
    async def test_each_mistake_has_its_error(
        self, tmp_path: Path, content: str, condition: str, words: str
    ) -> None:
        async with practice(tmp_path, registration=True) as stand:
            client, _ = await stranger(stand)
            said = await client.ask(fill(content), "</iq>")
            assert f"<{condition} xmlns='{ERRORS}'/>" in said
            assert words in said
            assert "<query" not in said
            # The stream lives, and one may try again.
            assert "type='result'" in await client.ask(fill(named("tybalt", "x"), "r3"), "</iq>")

    async def test_other_requests_end_the_stream_as_before(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand:
            client, _ = await stranger(stand)
            said = await client.ask(
                "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>", "</s"
            )
            assert "<not-authorized" in said

    def test_there_is_an_end_to_accounts(self) -> None:
        accounts = default_accounts()
        for number in range(MAX_ACCOUNTS - len(accounts)):
            accounts.add(JID("u" + str(number), "localhost", ""), "x")
        from lxml import etree

        answer = Registrar(accounts).strangers_iq(
            etree.fromstring(
                fill(named("one-more", "x")).replace("<iq", "<iq xmlns='jabber:client'")
            ),
            "localhost",
        )
        assert not isinstance(answer, str)
        assert (answer.condition, answer.type) == ("resource-constraint", "wait")


class TestAfterSigningIn:
    async def test_what_is_known_is_told_without_the_password(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand:
            juliet = await stand.enter("juliet")
            said = await juliet.ask(ASK, "</iq>")
            assert "<registered/><username>juliet</username><password/>" in said
            disco = "<iq type='get' id='d' to='localhost'><query xmlns='{}'/></iq>"
            info = await juliet.ask(disco.format("http://jabber.org/protocol/disco#info"), "</iq>")
            assert "var='jabber:iq:register'" in info

    async def test_a_new_password(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand:
            juliet = await stand.enter("juliet")
            assert "type='result'" in await juliet.ask(fill(named("juliet", "new")), "<iq[^>]*>")
            account = JID.parse("juliet@localhost")
            assert stand.server.accounts.password_is(account, "new")
            again, _ = await stranger(stand)
            assert "<success" in await again.ask(plain("juliet", "new"), "<success[^>]*>|</fail")

    @pytest.mark.parametrize(
        ("content", "condition"),
        [
            (named("juliet", ""), "bad-request"),
            ("<password>new</password>", "bad-request"),
            (named("romeo", "new"), "not-allowed"),
            (named("juliet", "a&#x378;"), "not-acceptable"),
            ("<remove/><username>juliet</username>", "bad-request"),
        ],
    )
    async def test_mistakes_change_nothing_and_echo_no_password(
        self, tmp_path: Path, content: str, condition: str
    ) -> None:
        async with practice(tmp_path, registration=True) as stand:
            juliet = await stand.enter("juliet")
            said = await juliet.ask(fill(content), "</iq>")
            assert f"<{condition} xmlns='{ERRORS}'/>" in said
            assert "<query" not in said
            account = JID.parse("juliet@localhost")
            assert stand.server.accounts.password_is(account, "verona")

    async def test_the_end_of_an_account_ends_its_sessions_and_subscriptions(
        self, tmp_path: Path
    ) -> None:
        async with practice(tmp_path, registration=True) as stand:
            romeo = await stand.enter("romeo")
            phone, pc = await stand.enter("juliet", "phone"), await stand.enter("juliet", "pc")
            await romeo.ask("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>", "</iq>")
            await romeo.so_far()
            said = await phone.ask(fill("<remove/>"), "</stream:stream>")
            assert said.index("type='result'") < said.index("<stream:error><not-authorized")
            assert "<not-authorized" in await pc.hear_all()
            told = await romeo.so_far()
            assert "<presence type='unsubscribed' from='juliet@localhost'" in told
            assert "type='unavailable'" in told
            again, _ = await stranger(stand)
            assert "<not-authorized" in await again.ask(plain("juliet"), "</failure>")
            # Nobody plays the part of who is gone.
            await romeo.say("<message type='chat' to='juliet@localhost'><body>?</body></message>")
            assert "<service-unavailable" in await romeo.so_far()

    async def test_nobody_inherits_the_rooms_of_an_account_that_ended(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand:
            romeo, juliet = await stand.enter("romeo"), await stand.enter("juliet")
            room = "orchard@rooms.localhost"
            muc = "http://jabber.org/protocol/muc"
            await romeo.ask(f"<presence to='{room}/R'><x xmlns='{muc}'/></presence>", "<subject/>")
            owner = (
                f"<iq type='set' id='o' to='{room}'><query xmlns='{muc}#owner'>"
                "<x xmlns='jabber:x:data' type='submit'/></query></iq>"
            )
            assert "type='result'" in await romeo.ask(owner, "id='o'")
            admin = f"<query xmlns='{muc}#admin'><item affiliation='admin'"
            grant = (
                f"<iq type='set' id='g' to='{room}'>{admin} jid='juliet@localhost'/></query></iq>"
            )
            assert "type='result'" in await romeo.ask(grant, "id='g'")
            admins = f"<iq type='get' id='l' to='{room}'>{admin}/></query></iq>"
            assert "jid='juliet@localhost'" in await romeo.ask(admins, "</iq>")
            await juliet.ask(fill("<remove/>"), "</stream:stream>")
            await romeo.so_far()
            assert "juliet" not in await romeo.ask(admins, "</iq>")

    async def test_it_is_off_unless_asked_for(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            juliet = await stand.enter("juliet")
            assert "<service-unavailable" in await juliet.ask(fill("<remove/>"), "</iq>")
