"""Every mechanism and channel binding from end to end: our session on our server, over real TLS."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from practice.raw_client import Stand, practice
from signing_in import refusal, signed_in

from xmppshell.network.discovery import TlsMode
from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.conduct.faults import Fault
from xmppshell.practice.server import PracticeServer, TlsOffer
from xmppshell.protocol.events import Authenticated, AuthenticationFailed
from xmppshell.protocol.jid import JID
from xmppshell.protocol.problem import ProblemError
from xmppshell.remembered import MechanismMemory, Remembered, keep_mechanisms, with_floor
from xmppshell.session import Session
from xmppshell.settings import Settings

PLUS = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS"]


def settings_for(stand: Stand, jid: str = "juliet@localhost", **options: object) -> Settings:
    usual: dict[str, object] = {"password": PRACTICE_PASSWORD, "tls": TlsMode.STARTTLS}
    return Settings(
        JID.parse(jid),
        host=stand.server.address,
        port=options.pop("port", stand.server.port),  # type: ignore[arg-type]
        ca_file=str(stand.ca_file),
        **{**usual, **options},  # type: ignore[arg-type]
    )


class TestChannelBinding:
    @pytest.mark.parametrize("mechanism", PLUS)
    @pytest.mark.parametrize("direct", [False, True])
    async def test_tls_exporter_on_tls_1_3(
        self, tmp_path: Path, mechanism: str, direct: bool
    ) -> None:
        async with practice(tmp_path, direct_tls_port=0, exporter=True) as stand:
            where = {"port": stand.server.direct_tls_port, "tls": TlsMode.DIRECT} if direct else {}
            settings = settings_for(
                stand, mechanism=mechanism, channel_binding="tls-exporter", **where
            )
            async with signed_in(settings) as (session, event):
                assert session.tls is not None
                assert session.tls.version == "TLS 1.3"
                assert session.tls.verified
                assert event == Authenticated(
                    mechanism, True, "juliet", channel_binding="tls-exporter"
                )

    @pytest.mark.parametrize("mechanism", PLUS)
    async def test_tls_unique_on_tls_1_2(self, tmp_path: Path, mechanism: str) -> None:
        async with practice(tmp_path) as stand:
            settings = settings_for(stand, mechanism=mechanism, tls_version="1.2")
            async with signed_in(settings) as (session, event):
                assert session.tls is not None
                assert session.tls.version == "TLS 1.2"
                assert event.channel_binding == "tls-unique"

    @pytest.mark.parametrize("version", ["1.2", "1.3"])
    async def test_tls_server_end_point(self, tmp_path: Path, version: str) -> None:
        async with practice(tmp_path) as stand:
            settings = settings_for(
                stand, channel_binding="tls-server-end-point", tls_version=version
            )
            async with signed_in(settings) as (_, event):
                assert event.channel_binding == "tls-server-end-point"

    async def test_the_usual_way_binds_by_what_is_announced_and_loads_nothing_for_it(
        self, tmp_path: Path
    ) -> None:
        async with (
            practice(tmp_path, exporter=True) as stand,
            signed_in(settings_for(stand)) as (session, event),
        ):
            assert event.mechanism == "SCRAM-SHA-512-PLUS"
            assert event.channel_binding == "tls-server-end-point"
            assert session.tls is not None
            assert "tls-exporter" not in session.tls.channel.types
            exchange = session.stream.sasl_exchange  # type: ignore[union-attr]
            assert exchange is not None
            assert exchange.list_verified

    async def test_a_mechanism_with_plus_looks_for_tls_exporter(self, tmp_path: Path) -> None:
        async with practice(tmp_path, exporter=True) as stand:
            settings = settings_for(stand, mechanism="SCRAM-SHA-256-PLUS")
            async with signed_in(settings) as (_, event):
                assert event.channel_binding == "tls-exporter"

    async def test_a_server_that_announces_nothing(self, tmp_path: Path) -> None:
        async with practice(tmp_path, announce_bindings=False) as stand:
            async with signed_in(settings_for(stand)) as (_, event):
                assert event.mechanism == "SCRAM-SHA-512"
            async with signed_in(settings_for(stand, tls_version="1.2")) as (_, event):
                assert event.channel_binding == "tls-unique"

    async def test_what_the_server_does_not_have(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            told = await refusal(settings_for(stand, channel_binding="tls-exporter"))
            assert told == "the server does not accept the channel binding tls-exporter"
            told = await refusal(settings_for(stand, channel_binding="tls-unique"))
            assert told == "the channel binding tls-unique cannot be had on this connection"

    async def test_no_channel_binding_without_tls(self, tmp_path: Path) -> None:
        async with practice(tmp_path, tls=TlsOffer.NONE) as stand:
            settings = settings_for(stand, tls=TlsMode.NONE)
            async with signed_in(settings) as (_, event):
                assert (event.mechanism, event.channel_binding) == ("SCRAM-SHA-512", "")

    async def test_a_wrong_name_is_refused_where_pyopenssl_does_tls(self, tmp_path: Path) -> None:
        async with practice(
            tmp_path, domains=("localhost", "elsewhere.example"), exporter=True
        ) as stand:
            stand.server.tls = type(stand.server.tls)(  # type: ignore[misc]
                *_certificate_for("other.example", tmp_path, stand), exporter=True
            )
            told = await refusal(settings_for(stand, channel_binding="tls-exporter"))
            assert told == "the certificate is for other.example, not for localhost"


def _certificate_for(name: str, folder: Path, stand: Stand) -> tuple[bytes, bytes]:
    """Make a certificate for another name, and trust its authority in place of the real one."""
    from xmppshell.practice.certificates import make_certificates

    made = make_certificates([name])
    stand.ca_file.write_bytes(made.ca_pem)
    return made.cert_pem, made.key_pem


class TestOtherMechanisms:
    def certificate(self, stand: Stand, folder: Path, user: str = "juliet") -> str:
        path = folder / f"{user}.pem"
        path.write_bytes(stand.server.client_certificate(JID(user, "localhost", "")))
        return str(path)

    @pytest.mark.parametrize("exporter", [False, True])
    async def test_external(self, tmp_path: Path, exporter: bool) -> None:
        async with practice(tmp_path, exporter=exporter) as stand:
            shown = self.certificate(stand, tmp_path)
            settings = settings_for(stand, password=None, client_cert=shown)
            async with signed_in(settings) as (session, event):
                assert event == Authenticated("EXTERNAL", False, "juliet")
                assert session.jid is not None
                assert session.jid.local == "juliet"

    async def test_external_by_direct_tls_with_a_key_of_its_own_file(self, tmp_path: Path) -> None:
        async with practice(tmp_path, direct_tls_port=0) as stand:
            shown = self.certificate(stand, tmp_path)
            key = shutil.copy(shown, tmp_path / "key.pem")
            settings = settings_for(
                stand,
                password=None,
                client_cert=str(shown),
                client_key=str(key),
                port=stand.server.direct_tls_port,
                tls=TlsMode.DIRECT,
            )
            async with signed_in(settings) as (_, event):
                assert event.mechanism == "EXTERNAL"

    async def test_the_certificate_of_somebody_else(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            shown = self.certificate(stand, tmp_path, "romeo")
            told = await refusal(settings_for(stand, password=None, client_cert=shown))
            assert told == "the server does not take the client certificate for this account"

    async def test_external_without_a_certificate(self, tmp_path: Path) -> None:
        async with practice(tmp_path, mechanisms=("EXTERNAL", "PLAIN")) as stand:
            told = await refusal(settings_for(stand, password=None, mechanism="EXTERNAL"))
            assert told == (
                "no common mechanism: the server offers PLAIN, and EXTERNAL was asked for"
            )

    async def test_anonymous_guests_vanish(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            before = len(stand.server.accounts)
            settings = settings_for(stand, "localhost", password=None, mechanism="ANONYMOUS")
            async with signed_in(settings) as (session, event):
                assert event == Authenticated("ANONYMOUS", False, "")
                assert session.jid is not None
                assert session.jid.local.startswith("guest-")
                async with signed_in(settings) as (other, _):
                    assert other.jid is not None
                    assert other.jid.bare != session.jid.bare
            await stand.server.stop()
            assert len(stand.server.accounts) == before

    async def test_oauthbearer(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            settings = settings_for(stand, password="juliet-token", mechanism="OAUTHBEARER")
            async with signed_in(settings) as (_, event):
                assert event == Authenticated("OAUTHBEARER", False, "juliet")

    @pytest.mark.parametrize("token", ["nonsense", "nobody-token", "-token", "juliet"])
    async def test_a_bad_token(self, tmp_path: Path, token: str) -> None:
        async with practice(tmp_path) as stand:
            settings = settings_for(stand, password=token, mechanism="OAUTHBEARER")
            assert await refusal(settings) == "the server refused the token: invalid_token"

    async def test_the_token_of_somebody_else(self, tmp_path: Path) -> None:
        async with practice(tmp_path) as stand:
            settings = settings_for(stand, password="romeo-token", mechanism="OAUTHBEARER")
            session = Session("test", settings)
            conditions: list[str] = []

            def note(record: object) -> None:
                if isinstance(record.event, AuthenticationFailed):  # type: ignore[attr-defined]
                    conditions.append(record.event.condition)  # type: ignore[attr-defined]

            session.feed.subscribe(note)
            with pytest.raises(ProblemError):
                await session.open()
            assert conditions == ["invalid-authzid"]


class TestHostileServers:
    """What is refused, and the sentence with which it is."""

    @pytest.mark.parametrize(
        ("fault", "sentence"),
        [
            (
                Fault.WRONG_SIGNATURE,
                "the server's signature is wrong: it does not know this account's password",
            ),
            (
                Fault.NO_SIGNATURE,
                "the server said success without proving that it knows the password",
            ),
            (
                Fault.TRUNCATED_NONCE,
                "the server's nonce does not continue ours: it is cut short",
            ),
            (
                Fault.PBKDF2_BOMB,
                "the server asks for 4,294,967,295 PBKDF2 rounds; at most 1,000,000 are done here",
            ),
            (
                Fault.FEW_ROUNDS,
                "the server asks for only 1 PBKDF2 rounds; fewer than 4096 are refused",
            ),
            (
                Fault.STRIPPED,
                "the server refused an exchange that says it has no channel binding",
            ),
            (
                Fault.AFTER_PROCEED,
                "38 bytes came unencrypted where only TLS may follow",
            ),
        ],
    )
    async def test_a_clear_sentence(self, tmp_path: Path, fault: Fault, sentence: str) -> None:
        async with practice(tmp_path, faults=[fault]) as stand:
            assert await refusal(settings_for(stand)) == sentence

    async def test_hidden_mechanisms_are_seen_by_the_client_too(self, tmp_path: Path) -> None:
        async with practice(tmp_path, faults=[Fault.STRIPPED]) as stand:
            assert await refusal(settings_for(stand, mechanism="SCRAM-SHA-1")) == (
                "the list of mechanisms or channel bindings was changed on its way from the server"
            )

    async def test_starttls_that_is_stripped(self, tmp_path: Path) -> None:
        async with practice(tmp_path, tls=TlsOffer.NONE) as stand:
            stand.ca_file.write_bytes(b"")
            told = await refusal(settings_for(stand))
            assert told == (
                "the server does not offer STARTTLS, and nothing secret is sent without TLS"
            )

    async def test_what_was_injected_never_reaches_the_stream(self, tmp_path: Path) -> None:
        async with practice(tmp_path, faults=[Fault.AFTER_PROCEED]) as stand:
            session = Session("test", settings_for(stand))
            with pytest.raises(ProblemError):
                await session.open()
            assert session.tls is None


class TestMemory:
    ACCOUNT = "juliet@localhost"

    async def sign_in(self, settings: Settings, memory: MechanismMemory) -> Authenticated:
        session = Session("test", with_floor(settings, memory))
        keep_mechanisms(session, memory, lambda problem: pytest.fail(problem.what))
        seen: list[Authenticated] = []

        def note(record: object) -> None:
            if isinstance(record.event, Authenticated):  # type: ignore[attr-defined]
                seen.append(record.event)  # type: ignore[attr-defined]

        session.feed.subscribe(note)
        await session.open()
        await session.close()
        return seen[0]

    async def test_the_strongest_is_remembered_and_a_weaker_one_refused(
        self, tmp_path: Path
    ) -> None:
        memory = MechanismMemory(tmp_path / "state" / "mechanisms.json")
        async with practice(tmp_path) as stand:
            await self.sign_in(settings_for(stand), memory)
            assert memory.of(self.ACCOUNT) == Remembered(
                "SCRAM-SHA-512-PLUS", "tls-server-end-point"
            )
            await self.sign_in(settings_for(stand, mechanism="PLAIN"), memory)
            assert memory.of(self.ACCOUNT).mechanism == "SCRAM-SHA-512-PLUS"
        async with practice(tmp_path, mechanisms=("SCRAM-SHA-256", "PLAIN")) as stand:
            with pytest.raises(ProblemError) as caught:
                await self.sign_in(settings_for(stand), memory)
            assert caught.value.problem.what == (
                "the server no longer offers SCRAM-SHA-512-PLUS, which this account signed in "
                "with before; SCRAM-SHA-256 is weaker"
            )
            assert "--allow-downgrade" in caught.value.problem.cure
            await self.sign_in(settings_for(stand, allow_downgrade=True), memory)
            assert memory.of(self.ACCOUNT) == Remembered("SCRAM-SHA-256")
            await self.sign_in(settings_for(stand), memory)

    async def test_tls_exporter_is_used_again_without_being_asked_for(self, tmp_path: Path) -> None:
        memory = MechanismMemory(tmp_path / "mechanisms.json")
        async with practice(tmp_path, exporter=True) as stand:
            settings = settings_for(stand)
            assert not settings.wants_exporter
            await self.sign_in(settings_for(stand, channel_binding="tls-exporter"), memory)
            assert with_floor(settings, memory).wants_exporter
            event = await self.sign_in(settings, memory)
            assert event.channel_binding == "tls-exporter"

    async def test_what_was_not_verified_is_not_remembered(self, tmp_path: Path) -> None:
        memory = MechanismMemory(tmp_path / "mechanisms.json")
        async with practice(tmp_path) as stand:
            await self.sign_in(settings_for(stand, insecure=True), memory)
        async with practice(tmp_path, tls=TlsOffer.NONE) as stand:
            await self.sign_in(settings_for(stand, tls=TlsMode.NONE), memory)
        assert memory.of(self.ACCOUNT) == Remembered()

    async def test_guests_and_tokens_leave_no_trace(self, tmp_path: Path) -> None:
        memory = MechanismMemory(tmp_path / "mechanisms.json")
        async with practice(tmp_path) as stand:
            await self.sign_in(
                settings_for(stand, "localhost", password=None, mechanism="ANONYMOUS"), memory
            )
            await self.sign_in(
                settings_for(stand, password="juliet-token", mechanism="OAUTHBEARER"), memory
            )
        assert not (tmp_path / "mechanisms.json").exists()


async def test_the_key_log_lets_its_owner_read(tmp_path: Path) -> None:
    log = tmp_path / "keys"
    async with practice(tmp_path) as stand, signed_in(settings_for(stand, keylog=str(log))):
        assert "CLIENT_TRAFFIC_SECRET_0" in log.read_text()
        assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_server_without_tls_has_no_certificates_to_give() -> None:
    with pytest.raises(AssertionError):
        PracticeServer(tls=TlsOffer.NONE).client_certificate(JID("juliet", "localhost", ""))
