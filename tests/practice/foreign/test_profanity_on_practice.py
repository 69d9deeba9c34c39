"""Profanity, a client of Debian that is not ours, goes through an ordinary session by its keys."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminal.pty_driver import PtyShell
from terminal.served import PASSWORD, Served

pytestmark = [pytest.mark.foreign_client, pytest.mark.pty]

ACCOUNT = """\
[juliet]
enabled=true
jid=juliet@localhost
server=127.0.0.1
port={port}
resource=profanity
password={password}
tls.policy=force
"""


def require_profanity() -> None:
    """Skip the test where profanity is not installed; in CI that is a failure."""
    if shutil.which("profanity") is not None:
        return
    reason = "profanity is not installed (apt-get install profanity)"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI=true asks for every client")
    pytest.skip(reason)


class Profanity(PtyShell):
    """Profanity in a terminal, with an account that is `juliet` on the practice server."""

    def __init__(self, served: Served, data: Path, *, trusting: bool) -> None:
        folder = data / "profanity"
        folder.mkdir(parents=True)
        (folder / "accounts").write_text(ACCOUNT.format(port=served.port, password=PASSWORD))
        environment = {"XDG_DATA_HOME": str(data), "XDG_CONFIG_HOME": str(data)}
        # Its TLS library takes the authorities to trust from here.
        authority = {"SSL_CERT_FILE": str(served.ca_file)} if trusting else {}
        command = ["profanity", "-a", "juliet"]
        super().__init__(command, environment | authority, rows=40, columns=120)

    def types(self, line: str, answer: str) -> None:
        """Type a line, press Enter, and wait until the pattern `answer` is on the screen."""
        self.send(f"{line}\r")
        self.wait_for(re.compile(answer))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    require_profanity()
    with Served(tmp_path) as server:
        yield server


def test_a_session_from_login_to_quit(served: Served, tmp_path: Path) -> None:
    with Profanity(served, tmp_path / "data", trusting=True) as profanity:
        profanity.wait_for("logged in successfully")
        profanity.wait_for("Nurse")  # in the panel, once the roster has come
        profanity.types("/roster", r"romeo@localhost \(Romeo\) - both")
        profanity.types("/ping", r"Ping response from server: \d+ms")
        profanity.types("/disco info", "xmppshell practice server")
        profanity.types("/software romeo@localhost/orchard", r"Version *: *\d")
        profanity.types("/msg romeo@localhost Wherefore?", "Romeo/orchard: ")
        profanity.types("/join orchard@rooms.localhost nick Jule", "Room locked")
        profanity.types("/room accept", "unlocked")
        profanity.types("Who is there?", r"Jule: .*Who is there\?")
        profanity.types("/subject set The lark", "The lark")
        profanity.types("/win 1", "Ping response from server")
        profanity.types("/rooms service rooms.localhost", r"orchard@rooms\.localhost \(")
        profanity.send("/quit\r")
        assert profanity.wait_exit() == 0


def test_it_does_not_trust_an_authority_that_it_was_not_told(
    served: Served, tmp_path: Path
) -> None:
    with Profanity(served, tmp_path / "data", trusting=False) as profanity:
        profanity.wait_for("/tls allow")
        assert "logged in successfully" not in profanity.text()
