"""Cut well-formed XML text into exact pieces, for display and for small edits.

Nothing is interpreted: the pieces joined are the text, byte for byte.
"""

from __future__ import annotations

import enum
import re
from typing import NamedTuple


class TokenKind(enum.Enum):
    """What a piece of XML text is."""

    START_TAG = "start tag"
    EMPTY_TAG = "empty-element tag"
    END_TAG = "end tag"
    TEXT = "text"
    CDATA = "CDATA section"
    DECLARATION = "XML declaration"


class Token(NamedTuple):
    """One exact piece of XML text; a tuple, since many are made for each stanza shown."""

    kind: TokenKind
    text: str


_TAG = r"""<[^<>"'!?][^<>"']*+(?:"[^"]*+"[^<>"']*+|'[^']*+'[^<>"']*+)*>"""
_PIECE = re.compile(rf"[^<]++|{_TAG}|<!\[CDATA\[(?s:.*?)\]\]>|<\?(?s:.*?)\?>|<(?s:.*)")
_START_TAG = re.compile(_TAG.replace("!?", "!?/"))
_TAG_NAME = re.compile(r"<[^\s/>]*+")
_ATTRIBUTE = re.compile(r"""(\s*)([^\s=/>"']+)(\s*=\s*)("[^"]*"|'[^']*')""")


def tokenise(text: str) -> list[Token]:
    """Return the tokens of `text`; joined they are `text` again.

    Meant for well-formed XML. In other text, what follows a `<` that begins no complete tag is
    one TEXT token.
    """
    tokens = []
    for piece in _PIECE.findall(text):
        if piece[0] != "<":
            kind = TokenKind.TEXT
        elif piece[-2:] == "/>":
            kind = TokenKind.EMPTY_TAG
        elif piece[1:2] == "/":
            kind = TokenKind.END_TAG
        else:
            kind = TokenKind.START_TAG
        if piece[1:2] in _UNUSUAL or piece[-1] != ">":
            kind = _unusual_kind(piece)
        tokens.append(Token(kind, piece))
    return tokens


_UNUSUAL = ("!", "?")


def _unusual_kind(piece: str) -> TokenKind:
    if piece.startswith("<![CDATA[") and piece.endswith("]]>"):
        return TokenKind.CDATA
    if piece.startswith("<?") and piece.endswith("?>"):
        return TokenKind.DECLARATION
    return TokenKind.TEXT


def attributes_of(tag_text: str) -> list[tuple[str, str, str, str]]:
    """Return the attributes of a start or empty-element tag, in order, as exact pieces.

    Each is (white space before it, name as typed, `=` with the white space around it, value with
    its quotes).
    """
    name = _TAG_NAME.match(tag_text)
    return _ATTRIBUTE.findall(tag_text, 0 if name is None else name.end())


def add_attribute(element_text: str, name: str, value: str) -> str:
    """Return `element_text` with ` name='value'` at the end of its first tag.

    `value` is plain text and is escaped; nothing else changes. Raises ValueError if the text has
    no start tag.
    """
    tag = _START_TAG.search(element_text)
    if tag is None:
        raise ValueError("the text has no start tag")
    inside = tag[0].removesuffix(">").removesuffix("/").rstrip()
    end = tag.start() + len(inside)
    return f"{element_text[:end]} {name}={quoted(value)}{element_text[end:]}"


def quoted(value: str) -> str:
    """Return plain text `value` as an attribute value: escaped, in single quotes."""
    return f"'{value.translate(_ESCAPES)}'"


_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "'": "&apos;",
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)
