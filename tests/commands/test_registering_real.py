"""A whole life of an account on the real servers: made, its password changed, cancelled."""

from __future__ import annotations

import pytest
from commands.fake_interview import FakeInterview
from servers.real_server import RealServer

from xmppshell.commands import registering
from xmppshell.commands.registering import Refused, ask_host, register
from xmppshell.commands.registry import CommandError
from xmppshell.protocol.jid import JID
from xmppshell.protocol.registration import FEATURE
from xmppshell.session import Session, SessionError
from xmppshell.settings import Settings


def settings_for(server: RealServer, jid: JID, password: str | None = None) -> Settings:
    return Settings(
        jid, password, host=server.address, port=server.c2s_port, ca_file=str(server.ca_file)
    )


async def opened(settings: Settings) -> Session:
    session = Session("test", settings)
    await session.open()
    return session


async def test_the_life_of_an_account(every_server: RealServer) -> None:
    host = every_server.registration_host
    account = JID("mercutio", host, "")

    stranger = await opened(registering.as_a_stranger(settings_for(every_server, account)))
    assert stranger.stream is not None
    assert stranger.stream.features.find(FEATURE) is not None
    registration = await ask_host(stranger, host)
    assert registration.form is not None
    assert not registration.registered
    given = {"username": ("mercutio",), "password": ("queen mab",)}
    assert await register(stranger, host, registration, given, None) is not None
    await stranger.close()
    assert stranger.problem is None

    session = await opened(settings_for(every_server, account, "queen mab"))
    assert (await ask_host(session, host)).registered
    interview = FakeInterview("a plague", "a plague")
    new = await registering.change_password(session, account, interview, "queen mab")
    assert new == "a plague"
    await session.close()
    with pytest.raises(SessionError):
        await opened(settings_for(every_server, account, "queen mab"))

    session = await opened(settings_for(every_server, account, "a plague"))
    assert await registering.cancel(session, host, None, FakeInterview())
    await session.close()
    assert session.problem is None
    with pytest.raises(SessionError):
        await opened(settings_for(every_server, account, "a plague"))


async def test_a_name_that_cannot_be_one_is_explained(every_server: RealServer) -> None:
    host = every_server.registration_host
    settings = registering.as_a_stranger(settings_for(every_server, JID("", host, "")))
    session = await opened(settings)
    registration = await ask_host(session, host)
    given = {"username": ("a@b",), "password": ("x",)}
    with pytest.raises(Refused) as caught:
        await register(session, host, registration, given, None)
    assert caught.value.condition in ("jid-malformed", "not-acceptable", "bad-request")
    assert caught.value.problem.cause
    await session.close()


async def test_where_it_is_off_members_are_told_so(every_server: RealServer) -> None:
    settings = settings_for(
        every_server, JID("juliet", every_server.host, ""), "wherefore art thou"
    )
    session = await opened(settings)
    with pytest.raises(CommandError) as caught:
        await registering.change_password(session, settings.jid, FakeInterview("x", "x"), None)
    assert "would not change the password" in caught.value.problem.what
    await session.close()
