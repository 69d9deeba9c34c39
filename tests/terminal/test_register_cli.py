"""`xmppshell register` as scripts use it: exit statuses, output, and where passwords are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from practice.raw_client import Stand, practice
from servers.real_server import RealServer
from terminal.cli_runner import PASSWORD, run

from xmppshell.protocol.jid import JID


def where(stand: Stand) -> Sequence[str]:
    port = str(stand.server.port)
    return "--host", stand.server.address, "--port", port, "--ca-file", str(stand.ca_file)


class TestOnThePracticeServer:
    async def test_an_account_is_made_and_the_next_command_uses_it(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand:
            done = await run(tmp_path, "register", "tybalt@localhost", *where(stand))
            assert (done.status, done.out.splitlines()[0]) == (0, "tybalt@localhost was created")
            assert "secured" in done.err
            assert stand.server.accounts.password_is(JID.parse("tybalt@localhost"), PASSWORD)
            command = done.out.splitlines()[1].removeprefix("next: xmppshell ").split()
            ping = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
            assert (await run(tmp_path, *command, "--execute", ping)).status == 0

    async def test_no_file_holds_the_password(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand:
            done = await run(tmp_path, "register", "tybalt@localhost", *where(stand))
        assert PASSWORD not in done.out + done.err
        captures = list((tmp_path / "xmppshell" / "captures").iterdir())
        assert len(captures) == 1
        text = captures[0].read_text()
        assert "tybalt" in text
        assert PASSWORD not in text

    async def test_the_form_is_shown_and_nothing_is_made(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand:
            accounts = len(stand.server.accounts)
            done = await run(
                tmp_path, "register", "localhost", "--show-form", *where(stand), password=None
            )
            assert done.status == 0
            assert "username  text-single, required   User name" in done.out
            assert "password  text-private, required  Password" in done.out
            assert len(stand.server.accounts) == accounts

    @pytest.mark.parametrize(
        ("arguments", "password", "status", "words"),
        [
            (("juliet@localhost",), PASSWORD, 1, "somebody has an account of that name"),
            (("tybalt@localhost",), None, 1, "needs an answer to: password"),
            (("localhost",), PASSWORD, 1, "needs an answer to: username"),
            (("localhost", "--field", "nick=x"), PASSWORD, 1, "has no field nick"),
            (("tybalt@localhost", "--field", "password=x"), None, 2, "no argument"),
            (("tybalt@localhost", "--field", "email"), PASSWORD, 2, "is not NAME=VALUE"),
            (("tybalt@localhost", "--password-file", "/nowhere"), None, 1, "cannot be read"),
        ],
    )
    async def test_what_goes_wrong_has_its_status(
        self,
        tmp_path: Path,
        arguments: Sequence[str],
        password: str | None,
        status: int,
        words: str,
    ) -> None:
        async with practice(tmp_path, registration=True) as stand:
            done = await run(
                tmp_path, "register", "-q", *arguments, *where(stand), password=password
            )
            assert (done.status, done.out) == (status, "")
            assert words in " ".join(done.err.split())

    async def test_fields_and_a_password_file(self, tmp_path: Path) -> None:
        (tmp_path / "password").write_text(f"{PASSWORD}\n")
        fields = ("--field", "username=tybalt", "--field", "email=cats@example.org")
        async with practice(tmp_path, registration=True) as stand:
            done = await run(
                tmp_path,
                *("register", "localhost", *fields, *where(stand)),
                *("--password-file", str(tmp_path / "password")),
                password=None,
            )
            assert done.status == 0
            assert stand.server.accounts.password_is(JID.parse("tybalt@localhost"), PASSWORD)

    async def test_a_server_that_takes_no_registrations(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            done = await run(tmp_path, "register", "tybalt@localhost", *where(stand))
        assert done.status == 1
        assert "localhost does not take registrations" in done.err
        assert "switched off" in done.err

    async def test_no_server_is_a_failed_connection(self, tmp_path: Path) -> None:
        async with practice(tmp_path, registration=True) as stand:
            place = where(stand)
        done = await run(tmp_path, "register", "tybalt@localhost", *place)
        assert done.status == 3
        assert "Traceback" not in done.err

    async def test_a_certificate_that_cannot_be_verified_gets_no_password(
        self, tmp_path: Path
    ) -> None:
        async with practice(tmp_path, registration=True) as stand:
            done = await run(tmp_path, "register", "tybalt@localhost", *where(stand)[:4])
            assert done.status == 3
            assert JID.parse("tybalt@localhost") not in stand.server.accounts


def at(server: RealServer) -> Sequence[str]:
    return (
        *("--host", server.address, "--port", str(server.c2s_port)),
        *("--ca-file", str(server.ca_file)),
    )


class TestOnRealServers:
    async def test_an_account_is_made_once(self, every_server: RealServer, tmp_path: Path) -> None:
        account = f"benvolio@{every_server.registration_host}"
        done = await run(tmp_path, "register", account, *at(every_server))
        assert (done.status, done.out.splitlines()[:1]) == (0, [f"{account} was created"]), done.err
        again = await run(tmp_path, "register", account, *at(every_server))
        assert again.status == 1
        assert "conflict" in again.err
        ping = "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>"
        signed_in = await run(tmp_path, "connect", account, *at(every_server), "-q", "-e", ping)
        assert signed_in.status == 0, signed_in.err

    async def test_where_registration_is_off(
        self, every_server: RealServer, tmp_path: Path
    ) -> None:
        done = await run(tmp_path, "register", "tybalt@localhost", *at(every_server))
        assert done.status == 1
        assert "switched off" in done.err

    async def test_the_form_of_a_server(self, every_server: RealServer, tmp_path: Path) -> None:
        domain = every_server.registration_host
        done = await run(tmp_path, "register", domain, "--show-form", *at(every_server))
        assert done.status == 0
        assert "username" in done.out
        assert "text-private, required" in done.out
