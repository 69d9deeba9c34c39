"""Each template that comes with the program is whole, tells what it is for, and can be filled."""

from __future__ import annotations

import re

import pytest

from xmppshell.knowledge.specifications import specifications
from xmppshell.protocol.errors import STANZA_CONDITIONS
from xmppshell.protocol.namespaces import CLIENT
from xmppshell.protocol.stanza import stanza_of
from xmppshell.protocol.xml import Completeness, Context, examine, parse_element
from xmppshell.templates.filling import fill
from xmppshell.templates.model import KIND_WORDS, XML, Field, Template
from xmppshell.templates.placeholders import finished, open_fields
from xmppshell.templates.reading import read
from xmppshell.templates.shelf import ORDER, Shelf, shipped

SHELF = Shelf()
NAMES = SHELF.names()
CONTEXT = Context.for_namespace(CLIENT)
REFERENCE = re.compile(r"((?:RFC \d{4})|(?:XEP-\d{4}))(?: \d+(?:\.\d+)*)?")
EXPECTED = re.compile(r"result|nothing|presence|message|iq set|enabled|a|error [a-z-]+")
FRAME = 80

each_template = pytest.mark.parametrize("template", [shipped(name) for name in NAMES], ids=NAMES)


def sample(field: Field) -> str:
    """Give a value that the field can have."""
    if field.one_of:
        return field.one_of[0]
    values = {
        XML: "<a xmlns='urn:example:a'>b</a>",
        "bare": "romeo@localhost",
        "base64": "aGk=",
        "bool": "true",
        "date": "2026-02-14T18:30:00Z",
        "id": "i1",
        "int": "1",
        "jid": "romeo@localhost/garden",
        "nick": "Romeo",
        "node": "urn:example:node",
        "string": "<&> 'text' \"quoted\"",
        "token": "word",
        "uint": "1",
        "uri": "https://example.org/?a=b&c=d",
    }
    return values[field.kind]


def test_there_are_all_that_were_asked_for() -> None:
    assert len(NAMES) == len(set(NAMES)) >= 78
    assert [group for group in SHELF.groups()] == list(ORDER)


def test_the_kinds_have_words_for_people() -> None:
    used = {f.kind for name in NAMES for f in shipped(name).fields.values() if f.kind}
    assert used <= set(KIND_WORDS)


@each_template
def test_it_says_what_it_is_for(template: Template) -> None:
    assert template.summary
    assert template.summary == template.summary.strip(". ")
    assert len(f"  {template.name:<21}  {template.summary}") <= FRAME
    assert len(template.explanation.split()) >= 18
    assert template.explanation.endswith(".")
    for field in template.fields.values():
        assert field.meaning, field.name
    assert max(map(len, template.xml.splitlines())) <= FRAME - 4


@each_template
def test_what_has_to_be_given_comes_first(template: Template) -> None:
    given = [f.default is not None or f.optional for f in template.fields.values()]
    assert given == sorted(given)


@each_template
def test_its_reference_is_known(template: Template) -> None:
    found = REFERENCE.fullmatch(template.reference)
    assert found is not None
    assert found[1] in specifications()
    assert EXPECTED.fullmatch(template.expects), template.expects


@each_template
def test_it_is_whole_when_only_what_is_required_is_given(template: Template) -> None:
    values = {
        f.name: sample(f)
        for f in template.fields.values()
        if f.default is None and not f.optional and not f.secret
    }
    secrets = {f.name for f in template.fields.values() if f.secret}
    text = fill(template, values, {"from": "r@l/x", "domain": "l", "bare": "j@l", "user": "j"})
    text = re.sub(rf"‹(?:{'|'.join(secrets) or 'none'})›", "secret", text)
    if template.name == "correct":
        text = text.replace("‹refid›", "j1")  # Nothing was sent that it could correct.
    if template.reference == "RFC 6121 3.1" or template.reference == "RFC 6121 3.2":
        text = text.replace("‹to›", "r@l")  # The last sender is no bare JID.
    sent = finished(text)
    assert open_fields(sent) == []
    examination = examine(sent, CONTEXT)
    assert examination.completeness is Completeness.COMPLETE, examination.error
    assert len(examination.elements) == 1
    assert not re.search(r"\n\s*\n|\s>|\s+\Z", sent)


@each_template
def test_it_is_whole_with_every_field_given(template: Template) -> None:
    values = {f.name: sample(f) for f in template.fields.values() if not f.secret}
    text = fill(template, values)
    for field in template.fields.values():
        assert (f"‹{field.name}" in text) is field.secret
    if not any(f.secret for f in template.fields.values()):
        parse_element(text.encode(), CONTEXT)


@each_template
def test_it_leaves_the_id_to_the_shell(template: Template) -> None:
    text = fill(template, {f.name: sample(f) for f in template.fields.values() if not f.secret})
    stanza = stanza_of(parse_element(text.encode(), CONTEXT))
    if stanza is not None:
        refers = "refid" in template.fields and stanza.type in ("result", "error")
        assert (stanza.id is not None) is refers
        assert stanza.sender is None


def test_every_error_condition_can_be_chosen() -> None:
    for name in ("message.error", "presence.error", "iq.error"):
        assert set(shipped(name).fields["condition"].one_of) == set(STANZA_CONDITIONS)


def test_the_priority_has_its_range() -> None:
    priority = shipped("presence.available").fields["priority"]
    assert (priority.least, priority.most) == (-128, 127)


def test_a_file_of_the_program_would_tell_of_a_mistake() -> None:
    reading = read("[template.x]\nxml = '<presence>'\n", group="g", file="g.toml")
    assert [p.what for p in reading.problems] == ["g.toml:2: the xml is not complete"]
