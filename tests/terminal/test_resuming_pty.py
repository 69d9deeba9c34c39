"""Cutting the line by hand and going on, in a real terminal."""

from __future__ import annotations

import re

import pytest
from terminal.shell_driver import Demo

pytestmark = pytest.mark.pty


def test_drop_and_resume() -> None:
    with Demo(rows=40, columns=100) as demo:
        demo.enter("/sm enable", "resumable for 300 s after a loss")
        demo.wait_for("bound  0 pending  0 unacknowledged")
        demo.enter("<message to='romeo@localhost'><body>Hello!</body></message>", "</message>", 2)
        demo.enter("/drop", "the stream can be resumed")
        demo.wait_for("not connected  /resume goes on with the stream")
        demo.enter("/sm", re.compile(r"resumable +until \d\d:\d\d:\d\d, \d+ s from now"))
        demo.enter("<presence/>", "the line is cut, and the stream waits to be resumed")
        after = demo.enter("/resume", "ready for stanzas")
        assert "resumed     juliet@localhost/balcony; the server had 1 stanza," in after
        assert "\n  bound " not in after
        demo.enter("/reconnect on", "on: a lost connection is opened again")
        after = demo.enter("/drop", "ready for stanzas")
        assert "reconnect   in " in after
        assert demo.leave() == 0
        assert "Traceback" not in demo.text()
