"""The shipped templates are right, as they are offered and as they are with examples filled in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from xmppshell.knowledge.lint import ANYWHERE, lint
from xmppshell.templates.filling import fill
from xmppshell.templates.shelf import Shelf, shipped

DOUBTFUL = {
    "presence.probe": ["client-probe"],
    "private.get": ["obsolete-namespace"],
    "privacy.lists": ["obsolete-namespace"],
}
"""Templates for what the lint warns of: they are there to be tried."""


@pytest.mark.parametrize("name", Shelf().names())
def test_a_template_is_right(name: str) -> None:
    text = fill(shipped(name), {})
    setting = replace(ANYWHERE, blanks=True, stamped=True)
    for opening in ("<‹", "</‹"):
        while opening in text:
            start = text.index(opening) + len(opening) - 1
            end = text.index("›", start) + 1
            text = text[:start] + "_" * (end - start) + text[end:]
    assert [finding.name for finding in lint(text, setting)] == DOUBTFUL.get(name, [])
