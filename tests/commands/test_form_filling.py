"""Filling in forms: what is asked, how often, and what was given beforehand."""

from __future__ import annotations

import pytest
from commands.fake_interview import FakeInterview
from lxml import etree

from xmppshell.commands.form_filling import fill, fill_silently, form_lines
from xmppshell.commands.registry import CommandError
from xmppshell.protocol.data_forms import Form, parse_form

FORM = """
<x xmlns='jabber:x:data' type='form'>
  <field type='hidden' var='FORM_TYPE'><value>bot</value></field>
  <field type='fixed'><value>Section 1</value></field>
  <field type='text-single' label='Name' var='name'><desc>of the bot</desc><required/></field>
  <field type='text-private' label='Password' var='password'><required/></field>
  <field type='text-multi' var='about'/>
  <field type='boolean' var='public'><value>0</value></field>
  <field type='list-single' var='max'><value>20</value>
    <option label='Ten'><value>10</value></option><option><value>20</value></option></field>
  <field type='list-multi' var='features'>
    <option><value>news</value></option><option><value>polls</value></option></field>
  <field type='jid-multi' var='invited'/>
  <field var='ocr' label='Text'><media xmlns='urn:xmpp:media-element'>
    <uri type='image/png'>cid:sha1+a@b</uri></media></field>
</x>
"""
QUESTIONS = [
    "Name: ",
    "Password: ",
    "about (optional, an empty line ends it): ",
    "public (optional, yes or no): ",
    "max (optional, a number): ",
    "features (optional, numbers, with commas): ",
    "invited (optional, addresses, with commas): ",
    "Text (optional): ",
]


def form(text: str = FORM) -> Form:
    return parse_form(etree.fromstring(text))


def values(filled: Form | None) -> dict[str, tuple[str, ...]]:
    assert filled is not None
    return {each.var: each.values for each in filled.fields if each.var}


class TestAsking:
    async def test_every_field_is_asked_for_as_its_type_wants(self) -> None:
        answers = ["Botster", "secret", "one", "two", "", "yes", "1", "2, 1", "a@b", "x y"]
        interview = FakeInterview(*answers)
        filled = await fill(form(), {}, interview)
        asked = [question for question, _ in interview.asked]
        assert [question for question in asked if question.strip()] == QUESTIONS
        assert [question for question, secret in interview.asked if secret] == ["Password: "]
        assert values(filled) == {
            "FORM_TYPE": ("bot",),
            "name": ("Botster",),
            "password": ("secret",),
            "about": ("one", "two"),
            "public": ("1",),
            "max": ("10",),
            "features": ("news", "polls"),
            "invited": ("a@b",),
            "ocr": ("x y",),
        }

    async def test_defaults_are_put_into_the_question(self) -> None:
        interview = FakeInterview("n", "p", "", None)
        assert await fill(form(), {}, interview) is None
        assert interview.defaults["public (optional, yes or no): "] == "no"
        other = FakeInterview("n", "p", "", "no", None)
        await fill(form(), {}, other)
        assert other.defaults["max (optional, a number): "] == "2"

    async def test_what_there_is_to_know_is_said_before_the_question(self) -> None:
        interview = FakeInterview("n", "p", "", "", "", "", "", "x")
        await fill(form(), {}, interview, places={"cid:sha1+a@b": "/somewhere/media-1.png"})
        assert "  Section 1" in interview.said
        assert "  of the bot" in interview.said
        assert interview.said.index("  1  Ten") < interview.said.index("  2  20")
        assert "  image/png: /somewhere/media-1.png" in interview.said

    async def test_a_wrong_answer_is_asked_for_again(self) -> None:
        interview = FakeInterview("", "Botster", "p", "", "maybe", "no", "11", "1", "", "@", "", "")
        filled = await fill(form(), {}, interview)
        assert values(filled)["max"] == ("10",)
        said = " ".join(interview.said)
        assert "an answer is required" in said
        assert "yes or no, not “maybe”" in said
        assert "“11” is not one of" in said

    async def test_a_new_password_is_asked_for_until_it_comes_twice(self) -> None:
        interview = FakeInterview("p1", "p2", "p3", "p3")
        filled = await fill(
            form("<x xmlns='jabber:x:data'><field var='password' type='text-private'/></x>"),
            {},
            interview,
            twice={"password"},
        )
        assert values(filled) == {"password": ("p3",)}
        assert "  the two are not the same" in interview.said
        assert all(secret for _, secret in interview.asked)

    async def test_what_was_given_is_not_asked_for(self) -> None:
        interview = FakeInterview("p", "", "", "", "", "", "")
        filled = await fill(form(), {"name": ("Botster",)}, interview)
        assert values(filled)["name"] == ("Botster",)
        assert QUESTIONS[0] not in [question for question, _ in interview.asked]

    @pytest.mark.parametrize("answers", [(None,), ("n", None), ("n", "p", "one", None)])
    async def test_backing_out_anywhere_sends_nothing(self, answers: tuple[str | None]) -> None:
        assert await fill(form(), {}, FakeInterview(*answers)) is None

    async def test_a_secret_that_the_host_knows_may_stay(self) -> None:
        text = (
            "<x xmlns='jabber:x:data'><field var='password' type='text-private'><required/>"
            "<value>known</value></field></x>"
        )
        interview = FakeInterview("")
        assert values(await fill(form(text), {}, interview)) == {"password": ("known",)}
        assert interview.defaults == {"password: ": ""}


class TestWithoutAsking:
    def test_all_that_is_missing_is_named(self) -> None:
        with pytest.raises(CommandError) as caught:
            fill_silently(form(), {"max": ("10",)})
        assert "name, password" in caught.value.problem.what
        assert "of the bot" in caught.value.problem.cause

    def test_defaults_count(self) -> None:
        filled = fill_silently(form(), {"name": ("n",), "password": ("p",)})
        assert values(filled)["max"] == ("20",)

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"nothing": ("x",)}, "has no field nothing"),
            ({"FORM_TYPE": ("x",)}, "has no field FORM_TYPE"),
            ({"max": ("11",)}, "max: “11” is not one of"),
            ({"name": ("a", "b")}, "name: there can be one answer only"),
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, given: dict[str, tuple[str, ...]], words: str
    ) -> None:
        with pytest.raises(CommandError) as caught:
            fill_silently(form(), given)
        assert words in caught.value.problem.what

    def test_the_form_is_shown_a_line_a_field(self) -> None:
        lines = form_lines(form())
        assert lines[0].split() == ["name", "text-single,", "required", "Name"]
        assert "of the bot" in lines[1]
        assert lines[2].split()[:2] == ["password", "text-private,"]
        assert any("[20]" in line for line in lines)
