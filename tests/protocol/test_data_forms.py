"""Data forms: what is read of them, which answers they take, and what is sent back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from xmppshell.protocol.data_forms import (
    Field,
    FieldType,
    Form,
    Media,
    Option,
    answered,
    fault,
    faults,
    find_form,
    parse_form,
    read_answer,
    submission,
)

BOT = """
<x xmlns='jabber:x:data' type='form'>
  <title> Bot </title>
  <instructions>Fill it in.</instructions><instructions>All of it.</instructions>
  <field type='hidden' var='FORM_TYPE'><value>jabber:bot</value></field>
  <field type='fixed'><value>Section 1</value></field>
  <field type='text-single' label='Name' var='name'><desc>of the bot</desc><required/></field>
  <field type='text-private' label='Password' var='password'><required/></field>
  <field type='text-multi' var='about'><value>one</value><value>two</value></field>
  <field type='boolean' var='public'><value>0</value></field>
  <field type='list-single' var='max'><value>20</value>
    <option label='Ten'><value>10</value></option><option><value>20</value></option></field>
  <field type='list-multi' var='features'><value>news</value><value>search</value>
    <option label='News, daily'><value>news</value></option>
    <option label='Search'><value>search</value></option>
    <option label='Polls'><value>polls</value></option></field>
  <field type='jid-single' var='owner'/>
  <field type='jid-multi' var='invited'/>
  <field var='untyped'/>
  <field type='x-colour' var='strange'/>
  <field type='text-single'/>
  <field var='ocr'><media xmlns='urn:xmpp:media-element' height='80' width='290'>
    <uri type='image/png'> http://example.org/ocr.png </uri><uri>cid:sha1+a@bob.xmpp.org</uri>
  </media></field>
</x>
"""
PRIVATE = Field("p", FieldType.TEXT_PRIVATE, required=True)
SIZES = Field("size", FieldType.LIST_SINGLE, options=(Option("s", "Small"), Option("l", "Large")))
TOPICS = Field(
    "topics",
    FieldType.LIST_MULTI,
    options=(Option("news", "News, daily"), Option("search"), Option("polls")),
)


def bot() -> Form:
    return parse_form(etree.fromstring(BOT))


def field(var: str) -> Field:
    found = bot().get(var)
    assert found is not None
    return found


class TestReading:
    def test_the_form_itself(self) -> None:
        form = bot()
        assert (form.type, form.title, form.form_type) == ("form", "Bot", "jabber:bot")
        assert form.instructions == ("Fill it in.", "All of it.")

    def test_every_type_is_known(self) -> None:
        kinds = [each.type for each in bot().fields]
        assert set(kinds) == set(FieldType)

    @pytest.mark.parametrize("var", ["untyped", "strange", "ocr"])
    def test_what_has_no_known_type_is_a_line_of_text(self, var: str) -> None:
        assert field(var).type is FieldType.TEXT_SINGLE

    def test_a_field_without_a_name_cannot_be_answered(self) -> None:
        assert [each.var for each in bot().fields].count("") == 1  # the fixed one

    def test_what_is_asked_in_its_order(self) -> None:
        names = [each.var for each in bot().asked]
        assert names[:3] == ["name", "password", "about"]
        assert "FORM_TYPE" not in names
        assert "" not in names

    def test_a_field_with_all_that_belongs_to_it(self) -> None:
        assert field("name") == Field(
            "name", FieldType.TEXT_SINGLE, "Name", "of the bot", required=True
        )
        assert field("about").values == ("one", "two")
        assert field("about").text == "one\ntwo"
        assert field("max").options == (Option("10", "Ten"), Option("20"))
        assert [option.title for option in field("max").options] == ["Ten", "20"]
        assert field("ocr").media == (
            Media("http://example.org/ocr.png", "image/png"),
            Media("cid:sha1+a@bob.xmpp.org"),
        )

    def test_a_form_is_found_wherever_it_is_but_not_a_result(self) -> None:
        wrapped = f"<q><x xmlns='jabber:x:data' type='result'/><captcha>{BOT}</captcha></q>"
        found = find_form(etree.fromstring(wrapped))
        assert found is not None
        assert found.title == "Bot"
        assert (
            find_form(etree.fromstring("<q><x xmlns='jabber:x:data' type='result'/></q>")) is None
        )

    def test_secrets_do_not_show(self) -> None:
        assert "verona" not in repr(answered(bot(), {"password": ("verona",)}))


class TestAnswers:
    @pytest.mark.parametrize(
        ("asked", "texts", "values"),
        [
            (Field("b", FieldType.BOOLEAN), ["Yes"], ("1",)),
            (Field("b", FieldType.BOOLEAN), ["n"], ("0",)),
            (Field("b", FieldType.BOOLEAN), ["maybe"], ("maybe",)),
            (SIZES, ["l"], ("l",)),
            (SIZES, ["large"], ("l",)),
            (SIZES, ["2"], ("l",)),
            (SIZES, ["3"], ("3",)),
            (TOPICS, ["polls, news"], ("news", "polls")),
            (TOPICS, ["3,1"], ("news", "polls")),
            (TOPICS, ["News, daily"], ("news",)),
            (TOPICS, ["polls", "search"], ("search", "polls")),
            (TOPICS, [""], ()),
            (TOPICS, ["news, nonsense"], ("news", "nonsense")),
            (Field("j", FieldType.JID_MULTI), ["a@b, c@d,a@b"], ("a@b", "c@d")),
            (Field("t", FieldType.TEXT_MULTI), ["one\ntwo", "three"], ("one", "two", "three")),
            (Field("t"), ["  as it is, commas and all "], ("  as it is, commas and all ",)),
            (PRIVATE, [" secret "], (" secret ",)),
        ],
    )
    def test_what_a_person_writes_is_understood(
        self, asked: Field, texts: list[str], values: tuple[str, ...]
    ) -> None:
        assert read_answer(asked, texts) == values

    def test_an_option_that_is_a_number_comes_before_its_place(self) -> None:
        asked = Field("n", FieldType.LIST_SINGLE, options=(Option("2"), Option("1")))
        assert read_answer(asked, ["1"]) == ("1",)

    @pytest.mark.parametrize(
        ("asked", "values", "said"),
        [
            (Field("t", required=True), (), "required"),
            (Field("t", required=True), ("",), "required"),
            (Field("t"), (), ""),
            (Field("t"), ("one", "two"), "one answer only"),
            (Field("t"), ("one\ntwo",), "one line"),
            (Field("t"), ("bell\a",), "control character"),
            (Field("t", FieldType.TEXT_MULTI), ("one", "two"), ""),
            (PRIVATE, (), "required"),
            (PRIVATE, ("x",), ""),
            (Field("b", FieldType.BOOLEAN), ("true",), ""),
            (Field("b", FieldType.BOOLEAN), ("maybe",), "yes or no"),
            (SIZES, ("l",), ""),
            (SIZES, ("m",), "“m” is not one of"),
            (TOPICS, ("news", "nonsense"), "“nonsense” is not one of"),
            (Field("j", FieldType.JID_SINGLE), ("romeo@localhost",), ""),
            (Field("j", FieldType.JID_SINGLE), ("@",), "empty"),
            (Field("j", FieldType.JID_MULTI), ("a@b", "a@@b"), "JID"),
        ],
    )
    def test_what_is_wrong_with_an_answer(
        self, asked: Field, values: tuple[str, ...], said: str
    ) -> None:
        found = fault(answered(Form("form", (asked,)), {asked.var: values}).fields[0])
        assert said in found if said else found == ""

    def test_an_open_list_takes_other_answers(self) -> None:
        text = (
            "<x xmlns='jabber:x:data'><field var='f' type='list-single'>"
            "<validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:string'>"
            "<open/></validate><option><value>a</value></option></field></x>"
        )
        form = answered(parse_form(etree.fromstring(text)), {"f": ("b",)})
        assert faults(form) == {}

    def test_all_faults_of_a_form_by_name(self) -> None:
        form = answered(bot(), {"name": ("Botster",), "max": ("11",)})
        assert set(faults(form)) == {"password", "max"}

    def test_defaults_stay_and_strangers_are_ignored(self) -> None:
        form = answered(bot(), {"public": ("1",), "nothing": ("x",)})
        assert form.get("public").values == ("1",)  # type: ignore[union-attr]
        assert form.get("max").values == ("20",)  # type: ignore[union-attr]


class TestSubmission:
    def sent(self, form: Form, answers: dict[str, tuple[str, ...]]) -> etree._Element:
        return etree.fromstring(submission(form, answered(form, answers)))

    def test_what_is_sent_back(self) -> None:
        sent = self.sent(bot(), {"name": ("R & J",), "password": ("a<b",), "features": ()})
        assert sent.tag == "{jabber:x:data}x"
        assert sent.get("type") == "submit"
        values = {child.get("var"): [value.text for value in child] for child in sent}
        assert values == {
            "FORM_TYPE": ["jabber:bot"],
            "name": ["R & J"],
            "password": ["a<b"],
            "about": ["one", "two"],
            "public": ["0"],
            "max": ["20"],
            "features": [],
        }

    def test_secrets_are_marked_for_whoever_keeps_records(self) -> None:
        sent = submission(bot(), answered(bot(), {"password": ("verona",)}))
        assert "var='password' type='text-private'" in sent

    @given(
        st.lists(
            st.text(
                st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
            ),
            max_size=3,
        )
    )
    def test_any_text_comes_back_as_it_was(self, lines: list[str]) -> None:
        form = Form("form", (Field("t", FieldType.TEXT_MULTI, values=("default",)),))
        sent = parse_form(self.sent(form, {"t": tuple(lines)}))
        assert sent.fields[0].values == tuple(lines)
