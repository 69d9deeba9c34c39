"""Each malformed or unusual input gets the RFC's answer from the practice server."""

from __future__ import annotations

from pathlib import Path

import pytest
from practice.edge_driver import answer_to
from practice.edge_inputs import ALL, HEADER, Case
from practice.raw_client import RawClient, Stand, plain, practice

from xmppshell.practice.conduct.profiles import Profile
from xmppshell.practice.server import TlsOffer


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
async def test_answer(case: Case, tmp_path: Path) -> None:
    assert await answer_to(case, tmp_path) == case.rfc, case.section


async def bound(stand: Stand, resource: str) -> RawClient:
    client = await stand.connect()
    await client.ask(HEADER, "</stream:features>")
    await client.ask(plain("juliet"), "<success[^>]*>")
    await client.ask(HEADER, "</stream:features>")
    assert await client.bind(resource) == f"juliet@localhost/{resource}"
    return client


@pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.value)
async def test_the_older_of_two_with_one_resource_goes(profile: Profile, tmp_path: Path) -> None:
    """As RFC 6120 7.7.2.2 allows, and as both servers do."""
    async with practice(tmp_path, tls=TlsOffer.NONE, profile=profile) as stand:
        first = await bound(stand, "same")
        second = await bound(stand, "same")
        assert "<conflict " in await first.hear_all()
        await second.so_far()
