"""In-band registration: what a host asks, what is sent, and what its errors mean."""

from __future__ import annotations

import pytest
from lxml import etree

from xmppshell.protocol.data_forms import FieldType, answered
from xmppshell.protocol.errors import StanzaError, stanza_error
from xmppshell.protocol.registration import (
    Attachment,
    Purpose,
    change_password,
    elsewhere,
    form_in_error,
    parse_answer,
    problem_of,
    submit,
)
from xmppshell.transcript.redaction import redact

FORM = (
    "<x xmlns='jabber:x:data' type='form'><title>New</title>"
    "<field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field>"
    "<field type='text-single' label='User' var='username'><required/></field>"
    "<field type='text-private' label='Password' var='password'><required/></field></x>"
)
PLAIN = "<instructions>\n  Choose a name\n  and a password. </instructions><username/><password/>"
OOB = "<x xmlns='jabber:x:oob'><url>https://example.org/new</url></x>"


def iq(content: str, kind: str = "result", rest: str = "") -> etree._Element:
    return etree.fromstring(
        f"<iq xmlns='jabber:client' type='{kind}' id='r'>"
        f"<query xmlns='jabber:iq:register'>{content}</query>{rest}</iq>"
    )


class TestWhatIsAsked:
    """The combinations of XEP-0077 6, in their order of precedence."""

    @pytest.mark.parametrize(
        ("content", "plain", "names", "url"),
        [
            (PLAIN, True, ["username", "password"], ""),
            (FORM + PLAIN, False, ["FORM_TYPE", "username", "password"], ""),
            (
                "<instructions>x</instructions>" + FORM,
                False,
                ["FORM_TYPE", "username", "password"],
                "",
            ),
            (FORM + OOB, False, ["FORM_TYPE", "username", "password"], "https://example.org/new"),
            ("<instructions>x</instructions>" + OOB, False, None, "https://example.org/new"),
            (PLAIN + OOB, True, ["username", "password"], "https://example.org/new"),
            ("", False, None, ""),
        ],
    )
    def test_each_combination(
        self, content: str, plain: bool, names: list[str] | None, url: str
    ) -> None:
        found = parse_answer(iq(content))
        assert found.plain is plain
        assert (None if found.form is None else [f.var for f in found.form.fields]) == names
        assert found.url == url
        assert not found.registered

    def test_instructions_are_one_paragraph(self) -> None:
        assert parse_answer(iq(PLAIN)).instructions == "Choose a name and a password."

    def test_plain_fields_are_all_required_and_the_password_is_secret(self) -> None:
        form = parse_answer(iq(PLAIN + "<email/>")).form
        assert form is not None
        assert [(f.var, f.type, f.title, f.required) for f in form.fields] == [
            ("username", FieldType.TEXT_SINGLE, "user name", True),
            ("password", FieldType.TEXT_PRIVATE, "password", True),
            ("email", FieldType.TEXT_SINGLE, "email address", True),
        ]

    def test_who_is_registered_sees_what_the_host_knows(self) -> None:
        found = parse_answer(iq("<registered/><username>juliet</username><password/>"))
        assert found.registered
        assert found.form is not None
        assert found.form.get("username").values == ("juliet",)  # type: ignore[union-attr]
        assert found.form.get("password").values == ()  # type: ignore[union-attr]

    def test_an_answer_without_a_query_asks_for_nothing(self) -> None:
        found = parse_answer(etree.fromstring("<iq xmlns='jabber:client' type='result' id='r'/>"))
        assert found.form is None

    def test_a_captcha_comes_with_its_picture(self) -> None:
        captcha = FORM.replace(
            "</x>",
            "<field var='ocr' label='Enter the text you see'><required/>"
            "<media xmlns='urn:xmpp:media-element'><uri type='image/png'>cid:sha1+a@b</uri>"
            "</media></field></x>",
        )
        data = "<data xmlns='urn:xmpp:bob' cid='sha1+a@b' type='image/png'>aGVs\n bG8=</data>"
        found = parse_answer(iq(captcha, rest=data))
        assert found.attachments == {"cid:sha1+a@b": Attachment("image/png", b"hello")}
        assert found.form is not None
        assert found.form.get("ocr").media[0].uri == "cid:sha1+a@b"  # type: ignore[union-attr]


class TestWhatIsSent:
    def test_plain_fields(self) -> None:
        asked = parse_answer(iq(PLAIN + "<key>k1</key>"))
        assert asked.form is not None
        filled = answered(asked.form, {"username": ("juliet",), "password": ("a<b&c",)})
        assert asked.payload(filled) == (
            "<query xmlns='jabber:iq:register'><username>juliet</username>"
            "<password>a&lt;b&amp;c</password><key>k1</key></query>"
        )

    def test_the_form_takes_precedence_and_goes_alone(self) -> None:
        asked = parse_answer(iq(FORM + PLAIN))
        assert asked.form is not None
        sent = asked.payload(answered(asked.form, {"username": ("juliet",), "password": ("p",)}))
        query = etree.fromstring(sent)
        assert [child.tag for child in query] == ["{jabber:x:data}x"]
        assert query[0].get("type") == "submit"

    @pytest.mark.parametrize("content", [PLAIN, FORM])
    def test_no_record_holds_the_password(self, content: str) -> None:
        asked = parse_answer(iq(content))
        assert asked.form is not None
        sent = asked.payload(
            answered(asked.form, {"username": ("juliet",), "password": ("tybalt",)})
        )
        assert "tybalt" in sent
        assert "tybalt" not in redact(sent)
        assert "juliet" in redact(sent)

    def test_a_change_of_password(self) -> None:
        sent = change_password("juliet", "new<er")
        assert sent == (
            "<query xmlns='jabber:iq:register'><username>juliet</username>"
            "<password>new&lt;er</password></query>"
        )
        assert "new" not in redact(sent)

    def test_a_form_that_came_with_an_error(self) -> None:
        text = FORM.replace("var='password'", "var='old_password'")
        form = form_in_error(iq(text, "error", "<error type='cancel'/>"))
        assert form is not None
        sent = submit(form, answered(form, {"username": ("bill",), "old_password": ("globe",)}))
        assert "<value>bill</value>" in sent
        assert "globe" not in redact(sent)
        assert form_in_error(etree.fromstring("<iq xmlns='jabber:client' type='error'/>")) is None


class TestErrors:
    @pytest.mark.parametrize(
        ("purpose", "condition", "words"),
        [
            (Purpose.ASK, "service-unavailable", "switched off"),
            (Purpose.ASK, "forbidden", "network address"),
            (Purpose.ACCOUNT, "conflict", "somebody has an account of that name"),
            (Purpose.ACCOUNT, "not-acceptable", "too weak"),
            (Purpose.ACCOUNT, "resource-constraint", "too many registrations"),
            (Purpose.ACCOUNT, "not-allowed", "registration is off"),
            (Purpose.ACCOUNT, "jid-malformed", "characters"),
            (Purpose.SERVICE, "not-authorized", "could not sign in"),
            (Purpose.PASSWORD, "not-allowed", "does not let passwords be changed"),
            (Purpose.CANCEL, "registration-required", "not registered"),
            (Purpose.CANCEL, "remote-server-timeout", ""),
        ],
    )
    def test_each_says_what_why_and_what_to_try(
        self, purpose: Purpose, condition: str, words: str
    ) -> None:
        problem = problem_of(purpose, "example.org", StanzaError(condition, "cancel", "", "", ""))
        assert problem.what.startswith(f"example.org would not {purpose.value}: {condition}")
        assert words in problem.cause
        assert problem.cause
        assert problem.cure

    def test_what_the_server_says_is_told(self) -> None:
        text = (
            "<iq xmlns='jabber:client' type='error' id='r'><error type='wait'>"
            "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
            "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Taken.</text></error></iq>"
        )
        error = stanza_error(etree.fromstring(text))
        assert error is not None
        problem = problem_of(Purpose.ACCOUNT, "example.org", error)
        assert "(it says: “Taken.”)" in problem.what
        assert problem.cure.startswith("wait some minutes")

    def test_a_condition_of_nobody_is_told_too(self) -> None:
        problem = problem_of(Purpose.ACCOUNT, "example.org", StanzaError("", "", "no", "", ""))
        assert "no reason given" in problem.what
        assert problem.cure

    @pytest.mark.parametrize(
        ("content", "words"),
        [(OOB, "open https://example.org/new"), ("", "ask whoever runs it")],
    )
    def test_where_to_go_instead(self, content: str, words: str) -> None:
        assert words in elsewhere("example.org", parse_answer(iq(content))).cure
