"""What a template left open, at the moment of sending."""

from __future__ import annotations

from pathlib import Path

from commands.desk_driver import stage


async def test_optional_parts_vanish_and_required_ones_stop_the_stanza(tmp_path: Path) -> None:
    async with stage(tmp_path) as play:
        await play.connect("juliet@localhost/balcony")
        said = await play.enter("<presence id='p1'><show>‹show?›</show></presence>")
        assert said == []
        assert list(play.sent("juliet"))[-1] == "<presence id='p1'/>"
        what, _, cure = await play.enter("<message to='‹to›'><body>hi</body></message>")
        assert what == "to is still open"
        assert "Tab" in cure
        assert list(play.sent("juliet"))[-1] == "<presence id='p1'/>"
