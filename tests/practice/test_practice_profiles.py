"""The profiles: the answers that Prosody and ejabberd were measured to give."""

from __future__ import annotations

from pathlib import Path

import pytest
from practice.edge_driver import answer_to
from practice.edge_inputs import ALL, Case
from practice.raw_client import practice

from xmppshell.practice.conduct.conduct import Conduct
from xmppshell.practice.conduct.lax_xml import MAX_HELD, LaxXml
from xmppshell.practice.conduct.profiles import MEASURED, Profile, deviations_of
from xmppshell.protocol.deviations import Deviation

SERVERS = (Profile.PROSODY, Profile.EJABBERD)
CASES = {case.name: case for case in ALL}


@pytest.mark.parametrize("profile", SERVERS, ids=lambda profile: profile.value)
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
async def test_answer(profile: Profile, case: Case, tmp_path: Path) -> None:
    assert await answer_to(case, tmp_path, profile=profile) == case.answer(profile.value)


class TestTable:
    @pytest.mark.parametrize("profile", SERVERS, ids=lambda profile: profile.value)
    def test_it_has_each_difference_and_no_other(self, profile: Profile) -> None:
        listed = sorted(n for each in MEASURED if each.server is profile for n in each.inputs)
        differing = [case.name for case in ALL if case.answer(profile.value) != case.rfc]
        assert listed == sorted(differing)

    def test_every_deviation_is_of_a_server(self) -> None:
        used = deviations_of(Profile.PROSODY) | deviations_of(Profile.EJABBERD)
        assert used == set(Deviation)

    def test_the_rfcs_have_none(self) -> None:
        assert not deviations_of(Profile.RFC)


async def test_a_profile_can_be_changed_while_streams_last(tmp_path: Path) -> None:
    async with practice(tmp_path) as stand:
        juliet = await stand.enter("juliet")
        ask = "<message to='x@nope.example' id='m{}'><body/></message>"
        assert "<remote-server-not-found" in await juliet.ask(ask.format(1), "</message>")
        stand.server.conduct.profile = Profile.PROSODY
        assert "<not-allowed" in await juliet.ask(ask.format(2), "</message>")
        stand.server.conduct.profile = Profile.RFC
        assert "<remote-server-not-found" in await juliet.ask(ask.format(3), "</message>")


async def test_presence_is_passed_on_as_it_was_said(tmp_path: Path) -> None:
    async with practice(tmp_path, profile=Profile.PROSODY, parts=()) as stand:
        romeo = await stand.enter("romeo")
        juliet = await stand.connect()
        await juliet.sign_in("juliet")
        said = "<presence><show>busy</show><priority>200</priority></presence>"
        heard = await juliet.ask(said, "</presence>")
        assert "<show>busy</show><priority>200</priority>" in heard
        assert "<show>busy</show><priority>200</priority>" in await romeo.so_far()
        later = await stand.connect()
        await later.sign_in("romeo", "later")
        heard = await later.ask("<presence/>", "200</priority></presence>")
        assert "<show>busy</show>" in heard


def test_conduct_holds_its_deviations() -> None:
    conduct = Conduct()
    assert Deviation.ANY_SENDER not in conduct
    conduct.profile = Profile.PROSODY
    assert Deviation.ANY_SENDER in conduct
    assert Deviation.COMMENTS_DROPPED not in conduct


class TestLaxXml:
    TEXT = (
        b"<?xml version='1.0' encoding='iso-8859-1'?><stream a='1'><!-- one --><a>x<?pi?>y"
        b"<![CDATA[<!-- kept --> <?too?>]]></a> z"
    )
    READ = b"<?xml version='1.0'?><stream a='1'><a>xy<![CDATA[<!-- kept --> <?too?>]]></a> z"

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
    def test_it_leaves_out_what_is_not_xmpp(self, size: int) -> None:
        lax = LaxXml(comments=True, encoding=True)
        pieces = [self.TEXT[i : i + size] for i in range(0, len(self.TEXT), size)]
        assert b"".join(lax.feed(piece) for piece in pieces) == self.READ

    def test_it_does_not_hold_everything_back(self) -> None:
        lax = LaxXml(comments=True, encoding=True)
        assert lax.feed(b"<!--") == b""
        assert lax.feed(b"x" * MAX_HELD) == b"<!--" + b"x" * MAX_HELD
