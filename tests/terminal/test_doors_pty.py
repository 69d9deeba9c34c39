"""The other doors in a real terminal: what is typed over WebSocket, a component, and /follow."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal.shell_driver import ONLINE, ROOT, XMPPSHELL, Shell

from xmppshell.practice.accounts import PRACTICE_PASSWORD
from xmppshell.practice.server import PracticeServer

pytestmark = pytest.mark.pty

DOMAIN, SECRET = "component.localhost", "a secret"


class Background:
    """A practice server in a thread of its own, with every door open."""

    def __init__(self, folder: Path) -> None:
        self.server = PracticeServer(components={DOMAIN: SECRET})
        self.ca_file = folder / "ca.pem"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._run(self.server.start(websocket_port=0, component_port=0))
        self.ca_file.write_bytes(self.server.ca_pem)

    def _run(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)  # type: ignore[arg-type]

    def stop(self) -> None:
        self._run(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Background, Background]]:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = Background(tmp_path / "a"), Background(tmp_path / "b")
    one.ca_file.write_bytes(one.ca_file.read_bytes() + other.ca_file.read_bytes())
    yield one, other
    one.stop()
    other.stop()


def connect(place: Background, *arguments: str, who: str = "juliet@localhost") -> Shell:
    env = {"XMPPSHELL_PASSWORD": SECRET if who == DOMAIN else PRACTICE_PASSWORD}
    trust = ("--ca-file", str(place.ca_file))
    return Shell("connect", who, *trust, *arguments, env=env, rows=40, columns=110)


def test_what_is_typed_over_websocket_is_shown_as_it_was_sent(
    servers: tuple[Background, Background],
) -> None:
    place, _ = servers
    with connect(place, "--websocket", place.server.websocket_url) as shell:
        shell.wait_for(ONLINE)
        shell.enter(
            "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
            "<iq type='get' xmlns='jabber:client' id='j2'>",
        )
        shell.wait_for("answers")
        shell.enter("<presence/><presence type='unavailable'/>", "unavailable")
        shell.wait_for("<presence type='unavailable' xmlns='jabber:client'")
        assert "broken" not in shell.text()
        assert shell.leave() == 0


def test_a_component_is_told_what_it_owes(servers: tuple[Background, Background]) -> None:
    place, _ = servers
    port = str(place.server.component_port)
    with connect(place, "--component", "--port", port, who=DOMAIN) as shell:
        shell.wait_for(ONLINE)
        assert "unencrypted, as components usually are" in shell.text()
        shell.enter("<message to='juliet@localhost'/>", "a component's stanza has no `from`")
        shell.press("enter")
        shell.wait_for("a component writes `from`")
        shell.leave()


def test_a_redirect_is_followed_when_the_user_says_so(
    servers: tuple[Background, Background],
) -> None:
    one, other = servers
    target = f"127.0.0.1:{other.server.port}"
    one.server.redirect_to = target
    with connect(one, "--host", "127.0.0.1", "--port", str(one.server.port)) as shell:
        shell.wait_for("/follow goes there")
        assert f"sends this client to another host: {target}" in shell.text()
        assert ONLINE not in shell.text()
        shell.enter("/follow", ONLINE)
        assert f"127.0.0.1:{other.server.port}" in shell.text()
        assert shell.leave() == 0


def test_in_one_shot_use_a_redirect_is_an_error(servers: tuple[Background, Background]) -> None:
    one, _ = servers
    one.server.redirect_to = "other.example:5299"
    port = str(one.server.port)
    argv = [*XMPPSHELL, "connect", "juliet@localhost", "--port", port, "-e", "<presence/>"]
    env = {**os.environ, "XMPPSHELL_PASSWORD": PRACTICE_PASSWORD}
    argv += ["--ca-file", str(one.ca_file)]
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "another host: other.example:5299" in " ".join(done.stderr.split())
    assert "--host other.example --port 5299" in " ".join(done.stderr.split())
