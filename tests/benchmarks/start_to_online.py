"""From the start of the process to online on a Prosody on loopback, beside profanity.

    python tests/benchmarks/start_to_online.py [--starts N]

Needs Debian's packages `prosody` and `profanity`. Both clients run in a terminal of the same
size, are started in turn, and use STARTTLS. Profanity trusts the certificate unseen;
xmppshell verifies it. The aim is 200 ms, and no slower than profanity.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from measuring import ROOT, now, report, shown_after, xmppshell
from servers.prosody import Prosody
from servers.real_server import RealServer
from terminal.pty_driver import PtyShell

AIM = 0.2
SIZE = {"rows": 24, "columns": 120}

ACCOUNT = """\
[juliet]
enabled=true
jid=juliet@localhost
server={address}
port={port}
resource=profanity
password={password}
tls.policy=trust
"""


def profanity_online(server: RealServer, data: Path) -> float:
    """Start profanity with an account; give the seconds until it says that it is logged in."""
    folder = data / "profanity"
    folder.mkdir(exist_ok=True)
    (folder / "accounts").write_text(
        ACCOUNT.format(
            address=server.address, port=server.c2s_port, password=server.accounts["juliet"]
        )
    )
    began = now()
    with PtyShell(["profanity", "-a", "juliet"], {"XDG_DATA_HOME": str(data)}, **SIZE) as shell:
        elapsed = shown_after(shell, began, rb"logged in successfully")
        shell.send("/quit\r")
        shell.wait_exit()
    return elapsed


def xmppshell_online(server: RealServer) -> float:
    """Start `xmppshell connect`; give the seconds until it says that it is online."""
    command = xmppshell(
        *["connect", "juliet@localhost", "--host", server.address, "--port", str(server.c2s_port)],
        *["--ca-file", str(server.ca_file)],
    )
    environment = {"XMPPSHELL_PASSWORD": server.accounts["juliet"], "PYTHONPATH": str(ROOT)}
    began = now()
    with PtyShell(command, environment, **SIZE) as shell:
        elapsed = shown_after(shell, began, rb"online")
        shell.settle()
        shell.press("ctrl-d")
        shell.wait_exit()
    return elapsed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=7)
    starts = parser.parse_args().starts
    missing = [name for name in ("prosody", "profanity") if shutil.which(name) is None]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}")
    ours, theirs = [], []
    with Prosody() as server:
        data = server.folder / "profanity-data"
        data.mkdir()
        # The first start of each writes byte code and fills the file cache.
        profanity_online(server, data)
        xmppshell_online(server)
        for _ in range(starts):
            theirs.append(profanity_online(server, data))
            ours.append(xmppshell_online(server))
    base = report("profanity", theirs)
    median = report("xmppshell connect", ours)
    print(f"ratio {median / base:.2f} (aim: at most 1, and {AIM * 1000:.0f} ms)")


if __name__ == "__main__":
    main()
