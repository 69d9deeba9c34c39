"""Registering, changing passwords and cancelling, with a session and a user who answers."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
from commands.fake_interview import FakeInterview
from lxml import etree
from practice.raw_client import Stand, practice

from xmppshell.commands import registering
from xmppshell.commands.registering import Refused, account_of, ask_host, register
from xmppshell.commands.registry import CommandError
from xmppshell.commands.requests import StreamEnded, request
from xmppshell.feed import Feed, Record
from xmppshell.pilot import Stage
from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.protocol.events import Direction, Disconnected, ElementSeen
from xmppshell.protocol.exchanges import Answer
from xmppshell.protocol.ids import IdCounter
from xmppshell.protocol.jid import JID
from xmppshell.protocol.stanza import stanza_of
from xmppshell.session import Session, SessionError
from xmppshell.settings import Settings

ROSALINE = JID.parse("rosaline@localhost")
JULIET = JID.parse("juliet@localhost")


@asynccontextmanager
async def stranger(stand: Stand, until: Stage = Stage.LOGIN) -> AsyncIterator[Session]:
    """Open a session that is not signed in."""
    settings = Settings(
        JID.parse("localhost"),
        host=stand.server.address,
        port=stand.server.port,
        ca_file=str(stand.ca_file),
        until=until,
    )
    session = Session("main", settings)
    await session.open()
    try:
        yield session
    finally:
        await session.close()


@asynccontextmanager
async def member(stand: Stand, user: str = "juliet") -> AsyncIterator[Session]:
    settings = Settings(
        JID.parse(f"{user}@localhost"),
        PRACTICE_PASSWORD,
        host=stand.server.address,
        port=stand.server.port,
        ca_file=str(stand.ca_file),
    )
    session = Session(user, settings)
    await session.open()
    try:
        yield session
    finally:
        await session.close()


class TestNewAccounts:
    async def test_the_form_is_filled_in_and_the_account_is_there(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand, stranger(stand) as session:
            registration = await ask_host(session, "localhost")
            given = {"username": ("rosaline",)}
            interview = FakeInterview("v3rona", "v3rona", "")
            filled = await register(session, "localhost", registration, given, interview)
            assert filled is not None
            made = account_of(filled, "localhost", given)
            assert made is not None
            assert (made.jid, made.password) == (ROSALINE, "v3rona")
            assert "v3rona" not in repr(made)
            assert stand.server.accounts.password_is(ROSALINE, "v3rona")
            assert interview.said[0] == "A new account"
            assert [secret for _, secret in interview.asked] == [True, True, False]

    async def test_a_name_that_is_taken_can_be_changed(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand, stranger(stand) as session:
            registration = await ask_host(session, "localhost")
            interview = FakeInterview("p", "p", "", "rosaline", "")
            filled = await register(
                session, "localhost", registration, {"username": ("juliet",)}, interview
            )
            assert filled is not None
            assert "conflict" in " ".join(interview.said)
            assert [question for question, _ in interview.asked][3] == "User name: "
            assert stand.server.accounts.password_is(ROSALINE, "p")

    async def test_nothing_is_sent_by_who_backs_out(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand, stranger(stand) as session:
            registration = await ask_host(session, "localhost")
            count = len(stand.server.accounts)
            interview = FakeInterview("rosaline", None)
            assert await register(session, "localhost", registration, {}, interview) is None
            assert len(stand.server.accounts) == count

    async def test_without_asking(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand, stranger(stand) as session:
            registration = await ask_host(session, "localhost")
            given = {"username": ("rosaline",)}
            with pytest.raises(CommandError, match="password"):
                await register(session, "localhost", registration, given, None)
            given["password"] = ("p",)
            assert await register(session, "localhost", registration, given, None) is not None
            with pytest.raises(Refused) as caught:
                await register(session, "localhost", registration, given, None)
            assert caught.value.condition == "conflict"
            assert "somebody has an account of that name" in caught.value.problem.cause

    async def test_a_server_that_takes_none_says_so_by_ending_the_stream(
        self, tmp_path: Path
    ) -> None:
        async with practice(tmp_path) as stand, stranger(stand) as session:
            with pytest.raises(CommandError) as caught:
                await ask_host(session, "localhost")
            assert "does not take registrations" in caught.value.problem.what
            assert "switched off" in caught.value.problem.cause

    async def test_a_web_page_instead(self, tmp_path: Path) -> None:
        class Elsewhere:
            def strangers_iq(self, iq: etree._Element, domain: str) -> str:
                return (
                    "<query xmlns='jabber:iq:register'><instructions>see</instructions>"
                    "<x xmlns='jabber:x:oob'><url>https://example.org/new</url></x></query>"
                )

        async with practice(tmp_path, registration=True) as stand, stranger(stand) as session:
            stand.server.registrar = Elsewhere()  # type: ignore[assignment]
            registration = await ask_host(session, "localhost")
            with pytest.raises(CommandError) as caught:
                await register(session, "localhost", registration, {}, FakeInterview())
            assert "https://example.org/new" in caught.value.problem.cure

    async def test_a_captcha_is_in_a_file_while_it_is_asked_for(self, tmp_path: Path) -> None:
        seen: list[bytes] = []

        class Reader(FakeInterview):
            async def ask(
                self, question: str, *, default: str = "", secret: bool = False
            ) -> str | None:
                place = next(text for text in self.said if "image/png" in text).rpartition(": ")[2]
                seen.append(_content(place))
                seen.append(place.encode())
                return "7nHL3"

        class Captcha:
            def strangers_iq(self, iq: etree._Element, domain: str) -> str:
                if iq.get("type") == "set":
                    assert iq.findtext(".//{jabber:x:data}value") == "7nHL3"
                    return ""
                return (
                    "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='form'>"
                    "<field var='ocr'><required/><media xmlns='urn:xmpp:media-element'>"
                    "<uri type='image/png'>cid:sha1+a@b</uri></media></field></x></query>"
                    "<data xmlns='urn:xmpp:bob' cid='sha1+a@b' type='image/png'>aGVsbG8=</data>"
                )

        async with practice(tmp_path, registration=True) as stand, stranger(stand) as session:
            stand.server.registrar = Captcha()  # type: ignore[assignment]
            registration = await ask_host(session, "localhost")
            assert await register(session, "localhost", registration, {}, Reader()) is not None
        assert seen[0] == b"hello"
        assert seen[1].endswith(b".png")
        assert _content(seen[1].decode()) == b""


class TestAccountsThatAre:
    async def test_what_the_server_knows(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand, member(stand) as session:
            registration = await ask_host(session, "localhost")
            assert registration.registered

    async def test_a_new_password(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand, member(stand) as session:
            interview = FakeInterview("one", "two", "new", "new")
            new = await registering.change_password(session, JULIET, interview, PRACTICE_PASSWORD)
            assert new == "new"
            assert all(secret for _, secret in interview.asked)
            assert stand.server.accounts.password_is(JULIET, "new")

    @pytest.mark.parametrize("answers", [(None,), ("",), ("new", None)])
    async def test_a_password_that_stays(
        self, tmp_path: Path, answers: tuple[str | None, ...]
    ) -> None:
        async with practice(tmp_path, registration=True) as stand, member(stand) as session:
            interview = FakeInterview(*answers)
            assert await registering.change_password(session, JULIET, interview, None) is None
            assert stand.server.accounts.password_is(JULIET, PRACTICE_PASSWORD)

    async def test_the_end_of_an_account_is_no_failure(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand, member(stand) as session:
            assert await registering.cancel(session, "localhost", None, FakeInterview())
            await session.close()
            assert session.problem is None
            assert JULIET not in stand.server.accounts

    async def test_after_a_refusal_a_lost_connection_is_a_failure_again(
        self, tmp_path: Path
    ) -> None:
        async with practice(tmp_path) as stand, member(stand) as session:
            with pytest.raises(Refused):
                await registering.cancel(session, "localhost", None, FakeInterview())
            await stand.server.stop()
            await session.wait_closed()
            assert session.problem is not None


class FakeSession:
    """Answers each iq with the next of `replies`: XML, or an event that comes instead."""

    stream = None
    connected = True

    def __init__(self, *replies: str | Disconnected) -> None:
        self.feed = Feed()
        self.ids = IdCounter("t")
        self.sent: list[str] = []
        self._replies = list(replies)
        self._numbers = itertools.count(1)
        self.expected: list[bool] = []

    def expect_end(self, expected: bool = True) -> None:
        self.expected.append(expected)

    async def send(self, data: bytes) -> None:
        self.sent.append(data.decode())
        reply = self._replies.pop(0)
        if isinstance(reply, Disconnected):
            self._publish(reply)
            return
        number = next(self._numbers)
        self._publish(self._seen(Direction.SENT, data), number)
        received = reply.replace("<iq", "<iq xmlns='jabber:client'").encode()
        self._publish(
            self._seen(Direction.RECEIVED, received), next(self._numbers), Answer(number, 0.1)
        )

    @staticmethod
    def _seen(way: Direction, data: bytes) -> ElementSeen:
        text = data.decode()
        if "jabber:client" not in text:
            text = text.replace("<iq", "<iq xmlns='jabber:client'", 1)
        element = etree.fromstring(text)
        return ElementSeen(way, data, element, stanza_of(element))

    def _publish(self, event: object, number: int | None = None, answers: object = None) -> None:
        now = datetime.now().astimezone()
        self.feed.publish(Record(number, "t", 0.0, now, event, None, answers))  # type: ignore[arg-type]


def form_error(fields: str, condition: str = "not-allowed") -> str:
    return (
        "<iq type='error' id='t1'><query xmlns='jabber:iq:register'>"
        f"<x xmlns='jabber:x:data' type='form'>{fields}</x></query><error type='cancel'>"
        f"<{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    )


class TestHostsThatWantToKnowMore:
    """A form that comes with an error is filled in and sent (XEP-0077 3.2, 3.3)."""

    async def test_before_a_password_is_changed(self) -> None:
        fields = "".join(
            f"<field type='{kind}' var='{var}'><required/></field>"
            for var, kind in {
                "username": "text-single",
                "old_password": "text-private",
                "password": "text-private",
                "x-mmn": "text-single",
            }.items()
        )
        session = FakeSession(form_error(fields, "not-authorized"), "<iq type='result' id='t2'/>")
        interview = FakeInterview("new", "new", "Throckmorton")
        new = await registering.change_password(session, JULIET, interview, "old")  # type: ignore[arg-type]
        assert new == "new"
        assert [question for question, _ in interview.asked][2:] == ["x-mmn: "]
        assert "to='localhost'" in session.sent[1]
        for value in ("juliet", "old", "new", "Throckmorton"):
            assert f"<value>{value}</value>" in session.sent[1]

    async def test_before_an_account_is_cancelled(self) -> None:
        field = "<field type='text-private' var='password'><required/></field>"
        session = FakeSession(form_error(field), "<iq type='result' id='t2'/>")
        interview = FakeInterview("theglobe")
        assert await registering.cancel(session, "localhost", None, interview)  # type: ignore[arg-type]
        assert "to=" not in session.sent[0]
        assert "<value>theglobe</value>" in session.sent[1]

    async def test_who_backs_out_keeps_the_account(self) -> None:
        field = "<field type='text-private' var='password'><required/></field>"
        session = FakeSession(form_error(field))
        assert not await registering.cancel(session, "localhost", None, FakeInterview(None))  # type: ignore[arg-type]
        assert session.expected == [True, False]

    async def test_a_service_is_told_by_its_address_and_ends_no_stream(self) -> None:
        session = FakeSession("<iq type='result' id='t1'/>")
        assert await registering.cancel(session, "g.localhost", "g.localhost", FakeInterview())  # type: ignore[arg-type]
        assert "to='g.localhost'" in session.sent[0]
        assert session.expected == []


class TestRequests:
    async def test_the_end_of_the_stream_is_told(self) -> None:
        with pytest.raises(StreamEnded, match="before an answer"):
            await request(FakeSession(Disconnected(True)), "get", "<a/>")  # type: ignore[arg-type]

    async def test_silence_has_an_end(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand, stranger(stand) as session:

            class Silent:
                def strangers_iq(self, iq: etree._Element, domain: str) -> str:
                    return ""

            stand.server.registrar = Silent()  # type: ignore[assignment]
            # The answer to another request is none to this one.
            with pytest.raises(SessionError, match="did not answer within 0 s"):
                await request(session, "get", "<a xmlns='x'/>", "localhost", seconds=0.0)

    async def test_an_account_that_is_gone_with_its_stream_is_gone(self) -> None:
        session = FakeSession(Disconnected(True))
        assert await registering.cancel(session, "localhost", None, FakeInterview())  # type: ignore[arg-type]


def _content(place: str) -> bytes:
    path = Path(place)
    return path.read_bytes() if path.exists() else b""
