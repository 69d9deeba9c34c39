"""What of a stanza becomes a template."""

from __future__ import annotations

import pytest

from xmppshell.templates.making import make

MESSAGE = "<message from='romeo@localhost/orchard' to='juliet@localhost/a'>{}</message>"


def made(text: str, *, received: bool) -> str:
    return make("reply", text, received=received, own={}, summary="reply", redacted="[redacted]")


@pytest.mark.parametrize(
    "added",
    [
        "<stanza-id xmlns='urn:xmpp:sid:0' id='s1' by='juliet@localhost'/>",
        "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='o1'></occupant-id>",
        "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T12:00:00Z'>Offline<a><b/></a></delay>",
    ],
)
def test_what_servers_add_is_left_out_of_what_was_received(added: str) -> None:
    text = MESSAGE.format(f"{added}<thread>t</thread>{added}")
    assert "<thread>t</thread></message>" in made(text, received=True)
    assert added.split()[0] not in made(text, received=True)
    assert added.split()[0] in made(text, received=False)


def test_the_like_of_another_namespace_or_deeper_stays() -> None:
    forwarded = (
        "<forwarded xmlns='urn:xmpp:forward:0'>"
        "<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T12:00:00Z'/></forwarded>"
    )
    text = MESSAGE.format(f"{forwarded}<delay xmlns='urn:example:delay'/>")
    assert made(text, received=True).count("<delay") == 2
