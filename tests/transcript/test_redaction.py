from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xmppshell.transcript.redaction import redact, secrets_in

SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
R = "[redacted]"

CHANGED = {
    "SASL auth": (
        f"<auth xmlns='{SASL}' mechanism='PLAIN'>AGp1bGlldABz</auth>",
        f"<auth xmlns='{SASL}' mechanism='PLAIN'>{R}</auth>",
    ),
    "SASL challenge": (
        f"<challenge xmlns='{SASL}'>cj1meWtv</challenge>",
        f"<challenge xmlns='{SASL}'>{R}</challenge>",
    ),
    "SASL response, padded": (
        f"<response xmlns='{SASL}'>\n  Yz1iaXdz=\n</response>",
        f"<response xmlns='{SASL}'>{R}</response>",
    ),
    "SASL success": (
        f'<success xmlns="{SASL}">dj1ybUY5</success>',
        f'<success xmlns="{SASL}">{R}</success>',
    ),
    "SASL with a prefix": (
        f"<sasl:auth xmlns:sasl='{SASL}' mechanism='PLAIN'>AGp1</sasl:auth>",
        f"<sasl:auth xmlns:sasl='{SASL}' mechanism='PLAIN'>{R}</sasl:auth>",
    ),
    "SASL with a prefix of the stream header": (
        "<s:auth mechanism='PLAIN'>AGp1</s:auth>",
        f"<s:auth mechanism='PLAIN'>{R}</s:auth>",
    ),
    "SASL with its namespace forgotten": (
        "<auth mechanism='PLAIN'>AGp1</auth>",
        f"<auth mechanism='PLAIN'>{R}</auth>",
    ),
    "SASL with its namespace misspelt": (
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sals'>AGp1</auth>",
        f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sals'>{R}</auth>",
    ),
    "SASL after a stream header": (
        "<stream:stream to='x'><response>AGp1</response>",
        f"<stream:stream to='x'><response>{R}</response>",
    ),
    "SASL in CDATA that hides an end tag": (
        f"<auth xmlns='{SASL}'><![CDATA[</auth>AGp1]]></auth><a/>",
        f"<auth xmlns='{SASL}'>{R}</auth><a/>",
    ),
    "SASL2 authenticate": (
        "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'>\n"
        "  <initial-response>AGp1</initial-response>\n"
        "  <user-agent id='d4565fa7'><software>Shell</software></user-agent>\n"
        "</authenticate>",
        "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'>\n"
        f"  <initial-response>{R}</initial-response>\n"
        "  <user-agent id='d4565fa7'><software>Shell</software></user-agent>\n"
        "</authenticate>",
    ),
    "SASL2 initial response in the wrong place or misspelt": (
        "<authenticate xmlns='urn:xmpp:sasl:2'>AGp1<inital>AGp2</inital></authenticate>",
        f"<authenticate xmlns='urn:xmpp:sasl:2'>{R}<inital>{R}</inital></authenticate>",
    ),
    "SASL2 challenge": (
        "<challenge xmlns='urn:xmpp:sasl:2'>cj0x</challenge>",
        f"<challenge xmlns='urn:xmpp:sasl:2'>{R}</challenge>",
    ),
    "SASL2 success with a FAST token": (
        "<success xmlns='urn:xmpp:sasl:2'><additional-data>dj1y</additional-data>"
        "<authorization-identifier>a@x</authorization-identifier>"
        "<token xmlns='urn:xmpp:fast:0' expiry='2026' token='c2Vj'/></success>",
        f"<success xmlns='urn:xmpp:sasl:2'><additional-data>{R}</additional-data>"
        "<authorization-identifier>a@x</authorization-identifier>"
        f"<token xmlns='urn:xmpp:fast:0' expiry='{R}' token='{R}'/></success>",
    ),
    "SASL2 authenticate with Bind 2 and FAST": (
        "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'>"
        "<initial-response>anVsaWV0AA==</initial-response>"
        "<bind xmlns='urn:xmpp:bind:0'><tag>balcony</tag></bind>"
        "<fast xmlns='urn:xmpp:fast:0'/></authenticate>",
        "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'>"
        f"<initial-response>{R}</initial-response>"
        "<bind xmlns='urn:xmpp:bind:0'><tag>balcony</tag></bind>"
        "<fast xmlns='urn:xmpp:fast:0'/></authenticate>",
    ),
    "FAST token, its expiry last and with a prefix": (
        "<f:token xmlns:f='urn:xmpp:fast:0' token='c2Vj' expiry=\"2026\"></f:token>",
        f"<f:token xmlns:f='urn:xmpp:fast:0' token='{R}' expiry=\"{R}\"></f:token>",
    ),
    "SASL2 task": (
        "<next xmlns='urn:xmpp:sasl:2' task='T'><task-data><totp xmlns='urn:t'>12</totp>"
        "</task-data></next>",
        f"<next xmlns='urn:xmpp:sasl:2' task='T'><task-data>{R}</task-data></next>",
    ),
    "jabber:iq:auth": (
        "<iq type='set'><query xmlns='jabber:iq:auth'><username>a</username>"
        "<digest>48fc78be</digest><resource>r</resource></query></iq>",
        "<iq type='set'><query xmlns='jabber:iq:auth'><username>a</username>"
        f"<digest>{R}</digest><resource>r</resource></query></iq>",
    ),
    "jabber:iq:register": (
        "<iq type='set'><query xmlns='jabber:iq:register'><username>a</username>"
        "<password>Calliope</password><key>12f</key></query></iq>",
        "<iq type='set'><query xmlns='jabber:iq:register'><username>a</username>"
        f"<password>{R}</password><key>{R}</key></query></iq>",
    ),
    "the password of a room": (
        "<presence to='r@m/n'><x xmlns='http://jabber.org/protocol/muc'>"
        "<password>cauldronburn</password></x></presence>",
        "<presence to='r@m/n'><x xmlns='http://jabber.org/protocol/muc'>"
        f"<password>{R}</password></x></presence>",
    ),
    "a password of other letters, in any case of the tag": (
        "<x><Password>größe=</Password></x>",
        f"<x><Password>{R}</Password></x>",
    ),
    "a password that is only spaces": ("<password>  </password>", f"<password>{R}</password>"),
    "a private field": (
        "<field type='text-private' var='x' label='X'><desc>Why</desc><required/>"
        "<value>s3</value></field><field var='y'><value>1</value></field>",
        "<field type='text-private' var='x' label='X'><desc>Why</desc><required/>"
        f"<value>{R}</value></field><field var='y'><value>1</value></field>",
    ),
    "a field called like a secret": (
        '<field var="muc#roomconfig_roomsecret">\n <value>s3</value>\n</field>',
        f'<field var="muc#roomconfig_roomsecret">\n <value>{R}</value>\n</field>',
    ),
    "a field without its value element": (
        "<field var='password'>s3</field>",
        f"<field var='password'>{R}</field>",
    ),
    "a component": ("<handshake>aaee83c2</handshake>", f"<handshake>{R}</handshake>"),
    "HTTP upload": (
        "<put url='https://u'><header name='Authorization'>Basic Q==</header>"
        "<header name='cookie'>foo=bar</header><header name='Expires'>never</header></put>",
        f"<put url='https://u'><header name='Authorization'>{R}</header>"
        f"<header name='cookie'>{R}</header><header name='Expires'>never</header></put>",
    ),
    "credentials of a TURN server": (
        "<service host='h' username='u' password = 'jj9' type='turn'/>",
        f"<service host='h' username='u' password = '{R}' type='turn'/>",
    ),
    "an element inside a password": (
        "<password>se<b>cr</b>et</password>",
        f"<password>{R}</password>",
    ),
    "a password inside a password": (
        "<password>a<password>b</password>c</password><x/>",
        f"<password>{R}</password><x/>",
    ),
    "character references in what decides": (
        "<field type='text-priv&#97;te' var='x'><value>s3</value></field>",
        f"<field type='text-priv&#97;te' var='x'><value>{R}</value></field>",
    ),
    # What a person typed and broke.
    "no end tag": ("<iq><password>Calliope", f"<iq><password>{R}"),
    "a misspelt end tag": (
        "<password>Calliope</pasword></query>",
        f"<password>{R}",
    ),
    "a bare angle bracket": ("<password>a<b & c</password><x/>", f"<password>{R}</password><x/>"),
    "an unfinished tag": ("<token xmlns='urn:xmpp:fast:0' token='c2Vj", f"<token {R}"),
    "an unfinished tag of another element": ("<service password='jj9", f"<service {R}"),
    "a missing quote": (
        "<auth mechanism='PLAIN>AGp1</auth><iq id='1'/>",
        f"<auth {R}",
    ),
    "a missing quote before it": (
        "<iq type='set><query xmlns='jabber:iq:auth'><password>x</password></query></iq>",
        f"<iq type='set><query xmlns='jabber:iq:auth'><password>{R}</password></query></iq>",
    ),
    "a field with a broken tag": (
        "<field var='password><value>s3</value></field>",
        f"<field {R}",
    ),
    "a space after the bracket": ("< password>s3</password>", f"< password>{R}</password>"),
    "an undeclared prefix": ("<x:password>s3</x:password>", f"<x:password>{R}</x:password>"),
    "a comment that hides an end tag": (
        "<password><!--</password>-->s3</password>",
        f"<password>{R}</password>",
    ),
    "an unfinished CDATA section": ("<password><![CDATA[s3</password>", f"<password>{R}"),
    "UTF-16": ("<\0p\0a\0s\0s\0w\0o\0r\0d\0>\0s\0", R),
}


@pytest.mark.parametrize("name", CHANGED)
def test_secrets_are_replaced_and_nothing_else(name: str) -> None:
    before, after = CHANGED[name]
    assert redact(before) == after
    assert redact(before.encode()) == after.encode()
    assert redact(after) == after


UNCHANGED = {
    "a message": "<message to='a@x'><body>my password is the key to success</body></message>",
    "empty payload": f"<auth xmlns='{SASL}' mechanism='EXTERNAL'></auth>",
    "empty element": f"<success xmlns='{SASL}'/>",
    "SASL's sign for empty": f"<auth xmlns='{SASL}' mechanism='EXTERNAL'>=</auth>",
    "the same in SASL2": "<initial-response>=</initial-response>",
    "an empty password": "<password></password><password/><service password=''/>",
    "an indented empty element": "<password>\n  </password>",
    "SASL failure": f"<failure xmlns='{SASL}'><not-authorized/><text>No</text></failure>",
    "mechanisms": f"<mechanisms xmlns='{SASL}'><mechanism>PLAIN</mechanism></mechanisms>",
    "an OMEMO key": (
        "<message><encrypted xmlns='eu.siacs.conversations.axolotl'><key rid='1'>MwohB</key>"
        "</encrypted></message>"
    ),
    "another kind of response": "<iq><response xmlns='urn:other'>yes</response></iq>",
    "a feature of a room": "<feature var='muc_passwordprotected'/>",
    "a yes-or-no field": (
        "<field var='muc#roomconfig_passwordprotectedroom'><value>1</value></field>"
        "<field var='password-reset' type='boolean'><value>true</value></field>"
    ),
    "a registration form to fill in": (
        "<query xmlns='jabber:iq:register'><instructions>Choose a password</instructions>"
        "<username/><password/></query>"
    ),
    "ill-formed without secrets": "a < b & <iq id='x> authority ]]> <!-- key",
    "NUL bytes without secrets": "<iq\0/>",
    "nothing": "",
}


@pytest.mark.parametrize("name", UNCHANGED)
def test_all_else_stays(name: str) -> None:
    text = UNCHANGED[name]
    assert redact(text) == text
    assert redact(text.encode()) == text.encode()


def test_bytes_that_are_not_utf8_stay() -> None:
    before = b"<x>\xff\xfe\x80</x><password>\xc3\x28</password>\xff"
    assert redact(before) == b"<x>\xff\xfe\x80</x><password>[redacted]</password>\xff"


def test_nothing_tells_the_length() -> None:
    assert redact("<password>a</password>") == redact("<password>" + "a" * 99 + "</password>")


_FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "<iq type='set'>",
            "</iq>",
            "<query xmlns='jabber:iq:register'>",
            "</query>",
            "<x",
            "'",
            '"',
            ">",
            "<",
            "&",
            "<![CDATA[",
            "]]>",
            "<!--",
            "-->",
            "</password>",
            "<field var='password'>",
            "<field>",
            "</field>",
            " é ",
            "<desc>",
        ]
    ),
    max_size=8,
).map("".join)

_SECRET_PLACES = (
    "<password>{}</password>",
    f"<auth xmlns='{SASL}' mechanism='PLAIN'>{{}}</auth>",
    "<a:initial-response>{}</a:initial-response>",
    "<field type='text-private'><value>{}</value></field>",
    "<header name='Authorization'>{}</header>",
    "<token xmlns='urn:xmpp:fast:0' token='{}'/>",
    "<password>{}",
)


@settings(max_examples=500, deadline=None)
@given(_FRAGMENTS, st.sampled_from(_SECRET_PLACES), _FRAGMENTS)
def test_a_secret_never_survives_among_broken_text(before: str, place: str, after: str) -> None:
    text = before + place.format("SECR3T") + after
    once = redact(text)
    assert "SECR3T" not in once
    assert redact(once) == once


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_text_without_markup_stays(text: str) -> None:
    text = text.replace("<", "").replace("\0", "")
    assert redact(text) == text


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_are_taken(data: bytes) -> None:
    assert isinstance(redact(b"<password>" + data), bytes)


@pytest.mark.parametrize(
    "unit",
    [
        "<password>",
        "<password/>",
        "<password>x</password>",
        "<a token",
        "<a xmlns:p{}='u'><key>",
        "</key>",
        "<key a='",
        "<![CDATA[password",
        "<field var='password'><value>",
        "password ",
        "<" + " " * 50 + "token",
    ],
)
def test_time_is_linear(unit: str) -> None:
    def seconds(count: int) -> float:
        text = "".join(unit.replace("{}", str(n)) for n in range(count))
        start = time.process_time()
        redact(text)
        return time.process_time() - start

    # Ten times as much may take ten times as long; a quadratic scan would take a hundred times.
    assert seconds(30_000) < max(35 * seconds(3_000), 0.5)


@pytest.mark.parametrize("filler", ["a", " ", "a ", "a=", "'", ":"])
def test_time_is_linear_within_one_tag(filler: str) -> None:
    start = time.process_time()
    redact("<token " + filler * 200_000 + ">")
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("<presence/>", []),
        ("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AGE=</auth>", ["AGE="]),
        ("<iq><password>a</password><password>b</password></iq>", ["a", "b"]),
        ("<x><password><b/>&amp;</password>c</x>", ["<b/>&amp;"]),
        ("<x password='a'/>", ["a"]),
        ("<x><password attribute='unfinished", ["attribute='unfinished"]),
    ],
)
def test_it_is_known_where_the_secrets_are(text: str, secrets: list[str]) -> None:
    assert [text[start:end] for start, end in secrets_in(text)] == secrets
