"""The reference of the language says what is so: its examples are read, or fail as it shows."""

from __future__ import annotations

import re

import pytest

from xmppshell.transcript.cast import OPTIONS, TLS_WAYS
from xmppshell.transcript.language import reference
from xmppshell.transcript.phrases import VERBS
from xmppshell.transcript.places import ScriptError
from xmppshell.transcript.reading import read_script
from xmppshell.transcript.script import Role, StreamPart
from xmppshell.transcript.script_text import write_script
from xmppshell.transcript.variables import Wild

CAST = """
[Client] Romeo
    jid: romeo@localhost

[Client] Juliet's phone
    jid: juliet@localhost/phone
"""
EXAMPLES = re.findall(r"^```(.+)\n((?s:.*?))^```$", reference(), re.MULTILINE)
SCRIPTS = [text for kind, text in EXAMPLES if kind == "scs"]


@pytest.mark.parametrize("text", SCRIPTS)
def test_an_example_is_read_and_written_again(text: str) -> None:
    whole = text if "[Client]" in text else text + CAST
    script = read_script(whole, "play.scs")
    assert write_script(script) == whole
    assert script.cast


def test_there_are_examples_of_everything() -> None:
    assert len(SCRIPTS) >= 6
    told = "".join(SCRIPTS)
    for verb in VERBS:
        assert f" {verb}" in told
    for part in StreamPart:
        assert f"receives {part.value}" in told
    for key in OPTIONS[Role.CLIENT]:
        assert f"`{key}`" in reference()
    for way in TLS_WAYS:
        assert f"`{way}`" in reference()
    for wild in Wild:
        assert f"{{{wild.value}" in reference()


def test_mistakes_are_told_as_the_reference_shows() -> None:
    mistaken = [text for kind, text in EXAMPLES if kind == "scs mistaken"]
    shown = [text for kind, text in EXAMPLES if kind == "text"]
    assert len(mistaken) == len(shown) == 1
    with pytest.raises(ScriptError) as caught:
        read_script(mistaken[0] + CAST, "play.scs")
    assert str(caught.value) + "\n" == shown[0]


def test_its_lines_fit_a_terminal() -> None:
    assert max(map(len, reference().splitlines())) <= 80
