"""The real servers of the tests start, offer what they should, and leave nothing behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import textwrap

import pytest
from servers.left_over import processes_of, wait_until
from servers.prosody import Prosody
from servers.raw_stream import (
    TIMEOUT,
    features,
    header,
    plain_socket,
    read_until,
    sign_in,
    tls_socket,
)
from servers.real_server import ServerFailed, free_ports, port_open
from servers.requirement import require


def test_a_stream_header_is_answered_with_starttls_required(every_server):
    with plain_socket(every_server) as stream:
        answer = features(stream)
    assert "urn:ietf:params:xml:ns:xmpp-tls" in answer
    assert "<required" in answer
    assert "<mechanism>" not in answer


def test_direct_tls_is_verified_against_the_ca_file(every_server):
    with tls_socket(every_server) as stream:
        assert "<mechanism>PLAIN</mechanism>" in features(stream)


def test_the_certificate_is_not_trusted_without_the_ca_file(every_server):
    address = every_server.address, every_server.direct_tls_port
    raw = socket.create_connection(address, TIMEOUT)
    context = ssl.create_default_context()
    with raw, pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(raw, server_hostname=every_server.host)


def test_the_accounts_exist_and_more_can_be_registered(every_server):
    every_server.register("nurse", "good <night>")
    assert set(every_server.accounts) >= {"juliet", "romeo", "nurse"}
    for user, password in every_server.accounts.items():
        with tls_socket(every_server) as stream:
            features(stream)
            assert "<success" in sign_in(stream, user, password)
    with tls_socket(every_server) as stream:
        features(stream)
        assert "<not-authorized" in sign_in(stream, "juliet", "no")


def test_the_component_port_answers(every_server):
    address = every_server.address, every_server.component_port
    with socket.create_connection(address, TIMEOUT) as stream:
        stream.sendall(header(every_server.component_host, namespace="jabber:component:accept"))
        assert re.search(r"\bid=", read_until(stream, r"<stream:stream[^>]*>"))


@pytest.mark.parametrize("password_hash", [None, "SHA-1", "SHA-256"])
def test_the_way_passwords_are_stored_can_be_chosen(every_server_class, password_hash):
    with every_server_class(password_hash=password_hash) as server, tls_socket(server) as stream:
        offered = set(re.findall(r"<mechanism>([^<]+)</mechanism>", features(stream)))
        # A server that keeps the plain password can offer either hash.
        expected = (
            {"SCRAM-SHA-1", "SCRAM-SHA-256"}
            if password_hash is None
            else {f"SCRAM-{password_hash}"}
        )
        assert expected | {"PLAIN"} <= offered
        assert "<success" in sign_in(stream, "juliet", server.accounts["juliet"])


def test_a_server_may_be_started_for_clients_without_tls(every_server_class):
    with (
        every_server_class(require_encryption=False) as server,
        plain_socket(server) as stream,
    ):
        assert "<mechanism>PLAIN</mechanism>" in features(stream)
        assert "<success" in sign_in(stream, "juliet", server.accounts["juliet"])


def test_registration_in_band_is_not_offered_unless_asked_for(every_server):
    with tls_socket(every_server) as stream:
        assert "http://jabber.org/features/iq-register" not in features(stream)


def test_registration_in_band_can_be_asked_for(every_server_class):
    with every_server_class(allow_registration=True) as server, tls_socket(server) as stream:
        assert "http://jabber.org/features/iq-register" in features(stream)


def test_kill_ends_it_at_once_and_closes_its_connections(every_server_class):
    with every_server_class() as server:
        with plain_socket(server) as stream:
            features(stream)
            server.kill()
            assert not server.running
            # Gone without a word: an end of file or a reset, and never a stream end.
            try:
                rest = stream.recv(65536)
            except ConnectionResetError:
                rest = b""
        assert rest == b""
        assert not port_open(server.c2s_port)


def test_nothing_remains(every_server_class):
    with every_server_class() as server:
        folder, home, pid = server.folder, server.home, server.pid
        ports = server._listening_ports()
        assert processes_of(home)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not any(port_open(port) for port in ports)
    assert wait_until(lambda: not processes_of(home)), processes_of(home)
    assert not folder.exists()


def test_nothing_remains_when_the_tests_are_killed(every_server_class, tmp_path):
    """The kernel ends the server when its parent is killed and cannot clean up."""
    script = textwrap.dedent(
        f"""
        import time
        from {every_server_class.__module__} import {every_server_class.__name__}
        with {every_server_class.__name__}() as server:
            print(server.folder, server.home, flush=True)
            time.sleep(60)
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "TMPDIR": str(tmp_path),
        },
    )
    assert parent.stdout is not None
    with parent.stdout:
        folder, home = parent.stdout.readline().split()
    assert processes_of(home)
    parent.send_signal(signal.SIGKILL)
    parent.wait(5)
    assert wait_until(lambda: not processes_of(home)), processes_of(home)
    # Nobody was left to remove it, and a server of Debian 13 has it in the tree.
    shutil.rmtree(folder)


class Missing(Prosody):
    command = "no-such-server-anywhere"


def test_without_its_package_a_test_is_skipped_with_the_reason(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="prosody is not installed"):
        require(Missing)


def test_without_its_package_a_test_fails_in_ci(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="prosody is not installed"):
        require(Missing)


def test_a_server_that_does_not_start_is_reported_with_its_log():
    class Broken(Prosody):
        name = "broken"

        def _configure(self):
            script = "echo the reason is here; exit 3"
            return ["/bin/sh", "-c", script], {}

        def _listening_ports(self):
            return free_ports(1)

    with pytest.raises(ServerFailed, match=r"(?s)broken ended while it started.*reason is here"):
        Broken().__enter__()


def test_a_server_that_never_listens_is_given_up(monkeypatch):
    monkeypatch.setattr("servers.real_server.START_TIMEOUT", 0.2)
    started = []

    class Deaf(Prosody):
        name = "deaf"

        def _configure(self):
            return ["/bin/sh", "-c", "echo I am here; exec sleep 30"], {}

        def _listening_ports(self):
            started.append(self.pid)
            return free_ports(1)

    with pytest.raises(ServerFailed, match=r"(?s)deaf did not listen.*I am here"):
        Deaf().__enter__()
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def test_a_port_taken_in_the_meantime_is_tried_again():
    attempts = []

    class Unlucky(Prosody):
        name = "unlucky"

        def _configure(self):
            attempts.append(1)
            return ["/bin/sh", "-c", "echo 'error: eaddrinuse'; exit 1"], {}

        def _listening_ports(self):
            return free_ports(1)

    with pytest.raises(ServerFailed, match="eaddrinuse"):
        Unlucky().__enter__()
    assert len(attempts) == 3
