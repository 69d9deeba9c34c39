"""`xmppshell check` as monitoring runs it: text, JSON and exit statuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from practice.raw_client import Stand, practice
from servers.real_server import RealServer
from terminal.cli_runner import run

from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.server import TlsOffer


def where(stand: Stand) -> Sequence[str]:
    return "--host", stand.server.address, "--port", str(stand.server.port)


class TestOnThePracticeServer:
    async def test_a_good_server_is_fine(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            arguments = ("check", "localhost", *where(stand), "--ca-file", str(stand.ca_file))
            done = await run(tmp_path, *arguments, "--strict", password=None)
        assert (done.status, done.err) == (0, "")
        assert "  ok    certificate       good for localhost" in done.out
        assert done.out.endswith("all is well\n")
        assert max(map(len, done.out.splitlines())) <= 80

    async def test_json_with_an_account(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            arguments = ("check", "juliet@localhost", "--json", *where(stand))
            done = await run(
                tmp_path,
                *arguments,
                *("--ca-file", str(stand.ca_file)),
                password=PRACTICE_PASSWORD,
            )
        found = json.loads(done.out)
        assert (done.status, found["reachable"]) == (0, True)
        assert found["login"]["server_verified"] is True
        assert any("bind" in name for name in found["login"]["after"]["features"])
        assert PRACTICE_PASSWORD not in done.out + done.err

    @pytest.mark.parametrize(
        ("tls", "options", "status"),
        [
            (TlsOffer.REQUIRED, ("--insecure",), 0),
            (TlsOffer.REQUIRED, ("--insecure", "--strict"), 1),
            (TlsOffer.REQUIRED, (), 1),
            (TlsOffer.OFFERED, ("--insecure",), 0),
            (TlsOffer.NONE, (), 1),
        ],
    )
    async def test_the_status_is_for_monitoring(
        self, tmp_path: Path, tls: TlsOffer, options: Sequence[str], status: int
    ) -> None:
        async with practice(tmp_path, tls=tls) as stand:
            done = await run(tmp_path, "check", "localhost", *where(stand), *options)
        assert done.status == status, done.out

    @pytest.mark.parametrize(
        ("arguments", "status", "words"),
        [
            (("localhost", "--port", "1"), 3, "could not be reached"),
            (("juliet@localhost", "--port", "1"), 2, "no password"),
            (("localhost", "--tls", "none"), 2, "no check without TLS"),
            (("localhost", "--ca-file", "/nowhere"), 2, "CA file"),
            (("a..b",), 2, "domain"),
        ],
    )
    async def test_what_goes_wrong(
        self, tmp_path: Path, arguments: Sequence[str], status: int, words: str
    ) -> None:
        async with practice(tmp_path) as stand:
            place = where(stand) if "--port" not in arguments else ()
            done = await run(tmp_path, "check", *arguments, *place, password=None)
        assert done.status == status, done.out + done.err
        assert words in " ".join((done.out + done.err).split())
        assert "Traceback" not in done.err


async def test_on_a_real_server(every_server: RealServer, tmp_path: Path) -> None:
    arguments = (
        *("check", "juliet@localhost", "--host", every_server.address),
        *("--port", str(every_server.c2s_port), "--ca-file", str(every_server.ca_file)),
    )
    done = await run(tmp_path, *arguments, password="wherefore art thou")
    assert done.status == 0, done.out + done.err
    assert "signed in as juliet@localhost" in done.out
    assert "  ok    stream mgmt" in done.out
