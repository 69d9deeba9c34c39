"""One stanza as an indented block of a transcript, made from the exact text that was on the wire.

Attributes keep their order and their quotes, and text its every character. Only what a block
cannot hold is written in another way that XML reads the same: a character that breaks the line
or cannot be seen is a character reference. White space between elements is set anew where a line
break shows that it was there for the eye only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..protocol.xml.tokens import Token, TokenKind, attributes_of, tokenise
from .redaction import redact
from .variables import literal

if TYPE_CHECKING:
    from lxml import etree

ANY = "{scansion:any}"
"""What a transcript says for an attribute that must be there with whatever value."""

_STEP = "  "
_WHITE_SPACE = " \t\r\n"
_LINE_BREAKS = frozenset("\r\n")
_XHTML = "http://www.w3.org/1999/xhtml"
# Ids that the server makes up, with the elements that carry them: XEP-0359, 0421 and 0313.
_SERVER_IDS = frozenset(
    {
        "{urn:xmpp:sid:0}stanza-id",
        "{urn:xmpp:occupant-id:0}occupant-id",
        "{urn:xmpp:mam:2}result",
    }
)
_STAMPED = frozenset({"{urn:xmpp:delay}delay", "{jabber:x:delay}x"})


def block(
    data: bytes, element: etree._Element, names: dict[str, str], *, received: bool
) -> list[str]:
    """Return the lines of one stanza, indented among themselves, with its secrets taken out.

    `data` is the exact slice and `element` what it was parsed to. An attribute whose whole value
    is a key of `names` gets the value there instead: `${Juliet's JID}` for the address. In what
    was `received`, values that the server made up become wildcards.
    """
    tokens = tokenise(data.decode("utf-8"))
    elements = (found for found in element.iter() if isinstance(found.tag, str))
    made_up = _made_by_server(element) if received else frozenset()
    rewritten = [
        _rewrite_tag(token.text, next(elements), names, made_up)
        if token.kind in (TokenKind.START_TAG, TokenKind.EMPTY_TAG)
        else token.text
        for token in tokens
    ]
    return list(_lines(tokenise(redact("".join(rewritten)))))


def visible(text: str) -> str:
    """Return character data or an attribute's value, as XML has it, fit for one line.

    Characters that break a line or cannot be seen become character references. So do the marks
    of variables and wildcards, which would mean something else in a transcript.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else f"&#{ord(c)};" for c in text)
    return literal(text)


def _rewrite_tag(
    tag: str,
    element: etree._Element,
    names: dict[str, str],
    made_up: frozenset[tuple[etree._Element, str]],
) -> str:
    attributes = attributes_of(tag)
    if not attributes:
        return "".join(tag.split())
    start = tag[: tag.index("".join(attributes[0]))].rstrip()
    written = [start]
    for _, name, _, quoted in attributes:
        value = element.get(name)
        if value and (element, name) in made_up:
            quoted = f"{quoted[0]}{ANY}{quoted[0]}"
        elif value in names:
            # The apostrophe in a variable's name does not go into single quotes.
            quoted = f'"{names[value]}"'
        else:
            # XML reads a line break inside a value as a space.
            inside = quoted[1:-1].replace("\r\n", " ")
            quoted = quoted[0] + visible(inside.translate(_SPACES)) + quoted[0]
        written.append(f"{name}={quoted}")
    return " ".join(written) + ("/>" if tag.endswith("/>") else ">")


_SPACES = str.maketrans("\t\r\n", "   ")


def _made_by_server(stanza: etree._Element) -> frozenset[tuple[etree._Element, str]]:
    """Return the attributes of a received stanza whose values are new each time."""
    found = {(element, "stamp") for element in stanza.iter(*_STAMPED)}
    found |= {(element, "id") for element in stanza.iter(*_SERVER_IDS)}
    if str(stanza.tag).endswith("}iq") and stanza.get("type") in ("get", "set"):
        found.add((stanza, "id"))
    return frozenset(found)


def _lines(tokens: list[Token]) -> Iterator[str]:
    """Give the lines of well-formed XML, one element a line where its content allows it."""
    single = _on_one_line(tokens)
    depth = 0
    inside = 0
    line: list[str] = []
    for index, (kind, text) in enumerate(tokens):
        if inside:
            line.append(_inline(kind, text))
            inside += (kind is TokenKind.START_TAG) - (kind is TokenKind.END_TAG)
            continue
        if kind is TokenKind.TEXT:
            continue
        if line:
            yield "".join(line)
        depth -= kind is TokenKind.END_TAG
        line = [_STEP * depth, text]
        if kind is TokenKind.START_TAG:
            inside = index in single
            depth += not inside
    if line:
        yield "".join(line)


def _inline(kind: TokenKind, text: str) -> str:
    if kind is TokenKind.TEXT:
        return visible(text)
    if kind is TokenKind.CDATA and visible(text) != text:
        # A CDATA section cannot hold a character reference.
        content = text.removeprefix("<![CDATA[").removesuffix("]]>")
        return visible(content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return text


def _on_one_line(tokens: list[Token]) -> set[int]:
    """Return the start tags, by index, whose content holds text that a new line would change."""
    found = set()
    open_tags: list[list[bool | int]] = []
    for index, (kind, text) in enumerate(tokens):
        if kind is TokenKind.START_TAG or kind is TokenKind.EMPTY_TAG:
            if open_tags:
                open_tags[-1][1] = True
            if kind is TokenKind.START_TAG:
                open_tags.append([index, False, _XHTML in text])
        elif kind is TokenKind.END_TAG and open_tags:
            start, has_children, has_text = open_tags.pop()
            if has_text or not has_children:
                found.add(start)
        elif open_tags and (text.strip(_WHITE_SPACE) or not _LINE_BREAKS.intersection(text)):
            open_tags[-1][2] = True
    return found
