"""The faults of a byte stream in words: what happened, the usual cause, what to try."""

from __future__ import annotations

from .problem import Problem

COMMENT = Problem(
    "the stream has an XML comment (`<!-- -->`), which XMPP does not allow",
    "a comment was left in XML that was copied from a specification or a file",
    "take the comment out and send the XML again",
    "RFC 6120 11.1",
)
DOCTYPE = Problem(
    "the stream has a declaration such as `<!DOCTYPE`, which XMPP does not allow",
    "the other side is no XMPP server, a web server that answers with HTML for example",
    "check the host and the port; if the XML was typed, take the declaration out",
    "RFC 6120 11.1",
)
INSTRUCTION = Problem(
    "the stream has a processing instruction (`<?...?>`), which XMPP does not allow",
    "XML made for another use, such as a style sheet, was sent as it was",
    "take the processing instruction out",
    "RFC 6120 11.1",
)
LATE_DECLARATION = Problem(
    "the XML declaration (`<?xml ...?>`) does not stand at the very start of the stream",
    "white space was sent before it, or a new stream was begun on top of the old one",
    "send the declaration first or leave it out; it is optional",
    "RFC 6120 11.5",
)
DECLARATION_OPEN = Problem(
    "the XML declaration does not end with `?>`",
    "the question mark at its end is missing",
    "write `<?xml version='1.0'?>`, or leave the declaration out; it is optional",
    "RFC 6120 11.5",
)
UTF16 = Problem(
    "the stream is not UTF-8; it begins like UTF-16",
    "the text came from a file or a program that writes UTF-16",
    "send the text as UTF-8",
    "RFC 6120 11.6",
)
BINARY = Problem(
    "the stream begins with binary data",
    "the other side does not speak XMPP on this port, or expects TLS from the start",
    "check the port; for a port with direct TLS connect with `--tls direct`",
    "RFC 6120 4.2",
)
BYTE_ORDER_MARK = Problem(
    "the stream begins with a byte order mark (U+FEFF)",
    "the text came from an editor that puts the mark at the start of a file",
    "save the text as UTF-8 without a byte order mark",
    "RFC 6120 11.6",
)
TEXT_BEFORE_HEADER = Problem(
    "there is text before the stream header",
    "the other side does not speak XMPP: a mail, web or SSH server greets with text",
    "check the host and the port",
    "RFC 6120 4.2",
)
END_BEFORE_HEADER = Problem(
    "there is an end tag before the stream header",
    "the stream was closed before it was opened",
    "begin with `<stream:stream ...>`",
    "RFC 6120 4.2",
)
LONE_LESS_THAN = Problem(
    "a `<` does not begin a tag",
    "text has a `<` that was not escaped",
    "write `&lt;` for a `<` in text",
    "RFC 6120 11.3",
)
LESS_THAN_IN_TAG = Problem(
    "there is a `<` inside a tag",
    "the tag before it is not closed with `>`",
    "close the tag with `>` or `/>`",
    "RFC 6120 11.3",
)
LESS_THAN_IN_VALUE = Problem(
    "there is a `<` inside an attribute value",
    "the value's closing quote is missing, or the `<` was not escaped",
    "close the quote, or write `&lt;` for the `<`",
    "RFC 6120 11.3",
)
AFTER_END = Problem(
    "there are bytes after the closing stream tag",
    "something was sent on a stream that was already closed",
    "open a new stream",
    "RFC 6120 4.4",
)


def too_large(limit: int) -> Problem:
    """Describe a header or element of more than `limit` bytes."""
    return Problem(
        f"a header or element is larger than {limit:,} bytes",
        "the other side sends very much at once, or never closes a tag or a quote",
        "find the quote or the tag that is not closed, or send the data in smaller pieces",
        "RFC 6120 13.12",
    )


def too_deep(limit: int) -> Problem:
    """Describe elements nested more than `limit` deep."""
    return Problem(
        f"elements are nested more than {limit} deep",
        "end tags are missing, or the XML was made to exhaust its reader",
        "close each element with its end tag or `/>`",
        "RFC 6120 13.12",
    )


def bad_byte(byte: int, offset: int) -> Problem:
    """Describe a byte that is not UTF-8, at `offset` bytes from the start of the stream."""
    return Problem(
        f"byte 0x{byte:02X} at offset {offset:,} of the stream is not UTF-8",
        "the text is in another encoding, such as Latin-1, or binary data came",
        "send the text as UTF-8",
        "RFC 6120 11.6",
    )


def wrong_encoding(name: str) -> Problem:
    """Describe an XML declaration with the encoding `name`."""
    return Problem(
        f"the XML declaration announces the encoding {name!r}",
        "XMPP is always UTF-8; the declaration was copied from another document",
        "announce `encoding='UTF-8'` or nothing",
        "RFC 6120 11.6",
    )


def wrong_end(name: bytes, root: bytes) -> Problem:
    """Describe an end tag of `name` where only `root` is open."""
    got, expected = (part.decode(errors="replace") for part in (name, root))
    return Problem(
        f"the end tag </{got}> closes nothing: the only open element is <{expected}>",
        "an end tag was sent twice, or its start tag was an empty-element tag (`/>`)",
        "send each end tag once, after its start tag",
        "RFC 6120 11.3",
    )
