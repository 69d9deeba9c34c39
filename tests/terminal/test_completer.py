"""Completion: commands, their arguments, and the XML of stanzas."""

from __future__ import annotations

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import to_plain_text
from terminal.prompt_driver import silent_desk

from xmppshell.terminal.completer import MOST_OFFERED, ShellCompleter

EVENT = CompleteEvent(completion_requested=True)


def completed(text: str, **seen: str) -> list[str]:
    """Return what the text becomes with each of the completions."""
    desk = silent_desk()
    for name, value in seen.items():
        getattr(desk, name)[value] = None
    found = ShellCompleter(desk).get_completions(Document(text), EVENT)
    return [text[: len(text) + each.start_position] + each.text for each in found]


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("/histo", "/history"),
        ("/raw of", "/raw off"),
        ("/keys ", "/keys vi"),
        ("/help fil", "/help filter"),
        ("/auto pi", "/auto ping"),
        ("/auto ping of", "/auto ping off"),
        ("/connect --tls di", "/connect --tls direct"),
        ("/connect --ca", "/connect --ca-file"),
        ("/condition item", "/condition item-not-found"),
        ("/practice fault forged-c", "/practice fault forged-carbon"),
        ("/practice disarm al", "/practice disarm all"),
        ("/practice profile pro", "/practice profile prosody"),
        ("<mes", "<message"),
        ("<message ty", "<message type='"),
        ("<message type='ch", "<message type='chat'"),
        ('<iq type="ge', '<iq type="get"'),
        ("<message><bo", "<message><body>‹body›</body>"),
        ("<message><body>text</", "<message><body>text</body>"),
        ("<message><body>text</bo", "<message><body>text</body>"),
        ("<presence><sho", "<presence><show>‹show›</show>"),
        ("<presence to='‹to›", "<presence to='romeo@localhost'"),
        ("<iq><ping xmlns='x'", "<iq><ping xmlns='x'/>"),
    ],
)
def test_a_completion(typed: str, text: str) -> None:
    assert text in completed(typed, seen_jids="romeo@localhost")


@pytest.mark.parametrize(
    "typed", ["", "hello", "/raw on ", "/no-such-command x", "<message>text", "<message type=x"]
)
def test_where_there_is_nothing_to_say(typed: str) -> None:
    assert completed(typed) == []


def test_all_commands_are_offered() -> None:
    desk = silent_desk()
    assert completed("/") == [f"/{name}" for name in desk.registry.commands]


def test_an_attribute_is_offered_once() -> None:
    assert "<iq type='get' type='" not in completed("<iq type='get' t")
    assert "<iq type='get' to='" in completed("<iq type='get' t")


def test_addresses_and_namespaces_that_were_seen() -> None:
    jid, namespace = "romeo@localhost/orchard", "urn:example:seen"
    assert completed("<iq to='rom", seen_jids=jid) == [
        f"<iq to='{jid}'",
        "<iq to='romeo@localhost'",
    ]
    assert completed("/connect rom", seen_jids=jid) == [f"/connect {jid}"]
    assert completed("<iq><x xmlns='urn:ex", seen_namespaces=namespace) == [
        f"<iq><x xmlns='{namespace}'"
    ]


def test_what_acts_on_a_terminal_is_not_offered_as_it_is() -> None:
    desk = silent_desk()
    desk.seen_jids["romeo@\u202eexample"] = None
    (found,) = ShellCompleter(desk).get_completions(Document("<iq to='rom"), EVENT)
    assert to_plain_text(found.display) == "romeo@⟨U+202E⟩example"
    assert found.text == "romeo@\u202eexample'"


def test_a_meaning_is_shown_as_safely() -> None:
    desk = silent_desk()
    desk.known.addresses["romeo@localhost"] = "\x1b[31mRomeo"
    (found,) = ShellCompleter(desk).get_completions(Document("<iq to='rom"), EVENT)
    assert "\x1b" not in to_plain_text(found.display_meta)


def test_an_open_field_is_replaced_and_what_follows_it_stays() -> None:
    text = "<iq type='‹type›' to='x'/>"
    document = Document(text, text.index("›") + 1)
    (found, *_) = ShellCompleter(silent_desk()).get_completions(document, EVENT)
    assert (found.text, found.start_position) == ("get", -len("‹type›"))


def test_nothing_is_offered_in_a_huge_text_before_it_is_asked_for() -> None:
    document = Document("<message><body>" + "x" * 200_000 + "</body><")
    completer = ShellCompleter(silent_desk())
    assert not list(completer.get_completions(document, CompleteEvent(text_inserted=True)))
    assert list(completer.get_completions(document, EVENT))


def test_a_menu_has_an_end_and_typing_on_finds_the_rest() -> None:
    desk = silent_desk()
    desk.seen_jids.update({f"friend{n}@example.org": None for n in range(1000)})
    completer = ShellCompleter(desk)
    assert len(list(completer.get_completions(Document("<iq to='"), EVENT))) == MOST_OFFERED
    (found,) = completer.get_completions(Document("<iq to='friend999"), EVENT)
    assert found.text == "friend999@example.org'"


def test_nobody_who_types_waits_for_the_catalogue() -> None:
    completer = ShellCompleter(silent_desk(), ready=False)
    typed = CompleteEvent(text_inserted=True)
    assert not list(completer.get_completions(Document("<"), typed))
    assert list(completer.get_completions(Document("<"), EVENT))
    assert list(completer.get_completions(Document("/"), typed))
