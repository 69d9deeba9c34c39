"""The servers of Debian 13 offer what only they have, and their tree is left as it was."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from pathlib import Path

import pytest
from servers.debian13 import MAKER, Ejabberd24, Prosody13, tree
from servers.raw_stream import authenticate, features, plain_socket, read_until, tls_socket
from servers.requirement import require

SASL2 = "urn:xmpp:sasl:2"
BINDINGS = "urn:xmpp:sasl-cb:0"


def offered(server) -> str:
    """Give the features after TLS, for a client that says who it is.

    Without `from` ejabberd offers no SASL2 at all and Prosody no FAST.
    """
    with tls_socket(server) as stream:
        return features(stream, sender="juliet@localhost")


def bindings(text: str) -> set[str]:
    return set(re.findall(r"<channel-binding type='([^']+)'", text))


def test_sasl2_is_offered_after_tls(modern_server):
    text = offered(modern_server)
    authentication = re.search(rf"<authentication xmlns='{SASL2}'.*?</authentication>", text)[0]
    assert "<mechanism>SCRAM-SHA-256-PLUS</mechanism>" in authentication
    for inline in ("urn:xmpp:bind:0", "urn:xmpp:sm:3", "urn:xmpp:fast:0"):
        assert f"xmlns='{inline}'" in authentication
    assert "<mechanism>HT-SHA-256-EXPR</mechanism>" in authentication


def test_one_message_of_sasl2_signs_in_binds_and_brings_a_token(modern_server):
    initial = base64.b64encode(f"\0juliet\0{modern_server.accounts['juliet']}".encode()).decode()
    with tls_socket(modern_server) as stream:
        features(stream, sender="juliet@localhost")
        stream.sendall(
            f"<authenticate xmlns='{SASL2}' mechanism='PLAIN'>"
            f"<initial-response>{initial}</initial-response>"
            "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/>"
            "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-EXPR'/>"
            "<bind xmlns='urn:xmpp:bind:0'><tag>balcony</tag><enable xmlns='urn:xmpp:sm:3'/></bind>"
            "</authenticate>".encode()
        )
        answer = read_until(stream, r"</success>|</failure>")
    assert re.search(
        r"<authorization-identifier>juliet@localhost/balcony[~.][^<]+</authorization-identifier>",
        answer,
    ), answer
    for inside in ("<bound xmlns='urn:xmpp:bind:0'", "<enabled ", "<token "):
        assert inside in answer


def test_sasl2_is_not_offered_before_tls(modern_server):
    with plain_socket(modern_server) as stream:
        assert SASL2 not in features(stream, sender="juliet@localhost")


def test_the_channel_bindings_are_announced_on_every_stream(modern_server):
    for _ in range(2):
        text = offered(modern_server)
        assert f"<sasl-channel-binding xmlns='{BINDINGS}'" in text
        assert bindings(text) == {"tls-exporter", "tls-server-end-point"}


def test_tls_unique_is_announced_on_tls_1_2(modern_server_class):
    with modern_server_class(tls_max="1.2") as server:
        assert {"tls-unique", "tls-server-end-point"} <= bindings(offered(server))


def test_prosody_takes_a_token(prosody13):
    token = prosody13.oauth_token("juliet")
    for given, expected in ((token, "<success"), (f"{token[:-8]}{'A' * 8}", "<challenge")):
        with tls_socket(prosody13) as stream:
            assert "<mechanism>OAUTHBEARER</mechanism>" in features(stream)
            message = f"n,,\1auth=Bearer {given}\1\1".encode()
            assert expected in authenticate(stream, "OAUTHBEARER", message)


def test_nothing_is_mounted_in_the_tree(modern_server):
    assert modern_server.folder.is_relative_to(tree()[0])
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    assert not [path for path in mounted if Path(path).is_relative_to(tree()[0])]


@pytest.fixture
def _no_tree(monkeypatch, tmp_path):
    monkeypatch.setenv("XMPPSHELL_DEBIAN13", str(tmp_path / "tree"))
    tree.cache_clear()
    yield
    tree.cache_clear()


@pytest.mark.usefixtures("_no_tree")
@pytest.mark.parametrize("server", [Prosody13, Ejabberd24])
def test_without_the_tree_a_test_is_skipped_with_the_reason(monkeypatch, server):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no Debian 13 in .*/tree \(.ci/debian13"):
        require(server)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no Debian 13 in"):
        require(server)


def test_without_root_a_test_is_skipped_with_the_reason(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="run by chroot, which only root may do"):
        require(Prosody13)


def test_the_tree_is_nowhere_else_than_told(tmp_path):
    def printed(**environment: str) -> tuple[str, int]:
        told = subprocess.run(
            [MAKER, "--print"],
            env={"PATH": os.environ["PATH"], **environment},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        return told.stdout, told.returncode

    home = str(tmp_path)
    assert printed(HOME=home) == (f"{home}/.cache/xmppshell-tests/debian13\n", 1)
    assert printed(HOME="/none", XDG_CACHE_HOME=home) == (f"{home}/xmppshell-tests/debian13\n", 1)
    assert printed(HOME="/none", XMPPSHELL_DEBIAN13=f"{home}/x y") == (f"{home}/x y\n", 1)
    # A tree that was left half-made is not one.
    (tmp_path / "tree").mkdir()
    assert printed(HOME="/none", XMPPSHELL_DEBIAN13=f"{home}/tree") == (f"{home}/tree\n", 1)
