"""Open fields: where they stand, and what is sent when optional ones are left open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmppshell.templates.placeholders import (
    MissingField,
    OpenField,
    finished,
    open_fields,
    placeholder,
)


def test_open_fields_are_found_with_their_places() -> None:
    text = "<message to='‹to›'><body>‹body?›</body></message>"
    to, body = open_fields(text)
    assert to == OpenField("to", False, 13, 17)
    assert (body.name, body.optional, text[body.start : body.end]) == ("body", True, "‹body?›")


@pytest.mark.parametrize(
    "text", ["‹›", "‹two words›", "‹a", "a›", "‹?›", "‹ to ›", "<a b='‹1›'/>", "« to »"]
)
def test_other_quotes_are_no_open_fields(text: str) -> None:
    assert open_fields(text) == []
    assert finished(text) == text


def test_a_placeholder_is_written_as_it_is_found() -> None:
    for optional in (False, True):
        (found,) = open_fields(placeholder("xml:lang", optional=optional))
        assert (found.name, found.optional) == ("xml:lang", optional)


def test_an_optional_attribute_vanishes() -> None:
    text = "<item jid='a@b' name='‹name?›' ask=\"‹ask?›\" x='1'/>"
    assert finished(text) == "<item jid='a@b' x='1'/>"


def test_an_optional_element_vanishes_with_its_attributes() -> None:
    text = "<presence><status xml:lang='en'>‹status?›</status><show>away</show></presence>"
    assert finished(text) == "<presence><show>away</show></presence>"


def test_parents_that_this_emptied_vanish() -> None:
    text = "<iq><q xmlns='u:q'><b/><a><b><c>‹c?›</c></b></a></q></iq>"
    assert finished(text) == "<iq><q xmlns='u:q'><b/></q></iq>"


def test_a_parent_that_declares_a_namespace_stays() -> None:
    text = "<iq type='get'><query xmlns='jabber:iq:x'><a>‹a?›</a></query></iq>"
    assert finished(text) == "<iq type='get'><query xmlns='jabber:iq:x'/></iq>"
    text = "<iq type='get'><query xmlns='jabber:iq:roster' ver='‹ver?›'/></iq>"
    assert finished(text) == "<iq type='get'><query xmlns='jabber:iq:roster'/></iq>"


def test_an_element_whose_own_text_is_left_open_vanishes_in_any_namespace() -> None:
    text = "<presence><nick xmlns='urn:nick'>‹nick?›</nick></presence>"
    assert finished(text) == "<presence/>"


def test_a_parent_with_attributes_of_its_own_stays() -> None:
    text = "<query xmlns='q'><item jid='a@b'><group>‹group?›</group></item></query>"
    assert finished(text) == "<query xmlns='q'><item jid='a@b'/></query>"


def test_a_field_of_a_form_without_its_value_vanishes() -> None:
    text = "<x xmlns='jabber:x:data'><field var='with'><value>‹with?›</value></field></x>"
    assert finished(text) == "<x xmlns='jabber:x:data'/>"


def test_an_element_that_is_left_without_any_attribute_vanishes() -> None:
    text = "<presence><x xmlns='m'><history maxstanzas='‹history?›'/></x></presence>"
    assert finished(text) == "<presence><x xmlns='m'/></presence>"
    assert finished("<presence to='‹to?›'/>") == "<presence/>"


def test_the_stanza_stays_whatever_it_loses() -> None:
    assert finished("<presence><show>‹show?›</show></presence>") == "<presence/>"
    assert finished("<message>‹x?›</message>") == "<message/>"


def test_white_space_is_left_tidy() -> None:
    text = """<presence>
  <show>‹show?›</show>
  <status>here</status>
  <priority>‹priority?›</priority>
</presence>"""
    assert finished(text) == "<presence>\n  <status>here</status>\n</presence>"
    text = """<iq type='set'>
  <query xmlns='q'>
    <item
      jid='a@b'
      name='‹name?›'>
      <group>‹group?›</group>
    </item>
    <set>
      <max>‹max?›</max>
    </set>
  </query>
</iq>"""
    assert (
        finished(text)
        == """<iq type='set'>
  <query xmlns='q'>
    <item
      jid='a@b'/>
  </query>
</iq>"""
    )


def test_an_optional_field_beside_other_text_goes_alone() -> None:
    text = "<message to='a@b/‹resource?›'><body>Hello ‹name?›!</body></message>"
    assert finished(text) == "<message to='a@b/'><body>Hello !</body></message>"


def test_what_was_empty_before_stays() -> None:
    text = "<iq><a></a><b> </b><c/><d x=''/><e>‹e?›</e></iq>"
    assert finished(text) == "<iq><a></a><b> </b><c/><d x=''/></iq>"


def test_a_required_field_raises_with_its_name() -> None:
    with pytest.raises(MissingField) as caught:
        finished("<message to='‹to›'><body>‹body›</body><thread>‹thread?›</thread></message>")
    assert caught.value.name == "to"
    assert caught.value.names == ("to", "body")
    assert caught.value.problem.what == "to, body are still open"


def test_one_missing_field_is_told_of_once() -> None:
    with pytest.raises(MissingField, match=r"^url is still open$"):
        finished("<message><body>‹url›</body><url>‹url›</url></message>")


def test_text_that_is_not_well_formed_loses_nothing_else() -> None:
    assert finished("</b><a x='‹x?›'>text <b") == "</b><a>text <b"
    assert finished("<a><b>‹b?›</b>") == "<a>"


def test_the_name_of_a_session_before_the_stanza_stays() -> None:
    assert finished("@romeo <presence><show>‹show?›</show></presence>") == "@romeo <presence/>"


@given(st.text(alphabet="<>/ab='\" \n‹›?&;![]CDATA-"))
def test_text_without_open_fields_is_not_touched(text: str) -> None:
    if not open_fields(text):
        assert finished(text) is text


@given(st.text(alphabet="<>/ab='\" \n‹›?"))
def test_text_of_any_kind_is_finished_unless_a_field_is_missing(text: str) -> None:
    missing = {each.name for each in open_fields(text) if not each.optional}
    if missing:
        with pytest.raises(MissingField) as caught:
            finished(text)
        assert set(caught.value.names) == missing
    else:
        assert len(finished(text)) <= len(text)
