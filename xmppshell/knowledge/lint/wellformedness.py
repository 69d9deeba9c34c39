"""Rules of XML itself and of the XML that XMPP allows (RFC 6120 11)."""

from __future__ import annotations

import re
from typing import Final

from ...protocol.xml import XmlError
from ...protocol.xml.faults import not_closed
from .model import Phase, Rule, error, sent
from .nonzas_and_limits import DEPTH
from .work import Work, divided

_BODY: Final = "<message type='chat' to='romeo@example.net'><body>{}</body></message>"


def _said(text: str) -> str:
    return _BODY.replace("{}", text)


AMPERSAND = error(
    "bare-ampersand",
    "`&` stands for itself only as `&amp;`",
    "RFC 6120 11.3",
    "In XML `&` begins a reference. Both ends give up the stream at one that stands alone, in text "
    "or in an attribute such as the address of a web page.",
    (sent(_said("bread & butter")), sent("<x xmlns='urn:example:x' href='/?a=1&b=2'/>")),
    (sent(_said("bread &amp; butter")), sent(_said("<![CDATA[bread & butter]]>"))),
)
ENTITY = error(
    "undefined-entity",
    "XMPP has only the five entities of XML",
    "RFC 6120 11.1",
    "Entities such as `&nbsp;` belong to HTML, whose definition a stream cannot have. Any "
    "character can be typed as it is, or by its number.",
    (sent(_said("a&nbsp;b")),),
    (sent(_said("a&#160;b &lt; &quot;c&quot;")),),
)
PREFIX = error(
    "undeclared-prefix",
    "a namespace prefix has to be declared",
    "RFC 6120 11.3",
    "A name such as `x:foo` means nothing unless `xmlns:x` says which namespace the prefix stands "
    "for, in the same element or around it. Servers close the stream.",
    (sent("<message to='romeo@example.net'><x:foo/></message>"),),
    (sent("<message to='romeo@example.net'><x:foo xmlns:x='urn:example:x'/></message>"),),
)
DUPLICATE = error(
    "duplicate-attribute",
    "an attribute stands only once in a tag",
    "RFC 6120 11.3",
    "With the same attribute twice the text is not XML, and the stream ends.",
    (sent("<iq type='get' id='a' id='b'><ping xmlns='urn:xmpp:ping'/></iq>"),),
    (sent("<iq type='get' id='a'><ping xmlns='urn:xmpp:ping'/></iq>"),),
)
NESTING = error(
    "bad-nesting",
    "each start tag needs its end tag, in the right order",
    "RFC 6120 11.3",
    "An end tag closes the element that was opened last. A missing one leaves the stanza open: the "
    "server takes all that follows for a part of it and answers nothing.",
    (
        sent("<message to='romeo@example.net'><subject>hi</message></subject>"),
        sent("<message to='romeo@example.net'><subject>hi</subject>"),
        sent("<presence/></presence>"),
    ),
    (sent("<message to='romeo@example.net'><subject>hi</subject></message>"),),
)
CHARACTER = error(
    "forbidden-character",
    "most control characters do not exist in XML",
    "RFC 6120 11.3",
    "Below the space XML has only tab, line feed and carriage return. The others cannot be written "
    "at all, not even by their number.",
    (sent(_said("&#0;")), sent(_said("\x1b[31m"))),
    (sent(_said("one&#10;two\tthree")),),
)
WELL_FORMED = error(
    "not-well-formed",
    "what is sent on a stream has to be well-formed XML",
    "RFC 6120 11.3",
    "Quotes around values, a space between attributes, `&lt;` for `<`: servers forgive nothing "
    "here and close the stream with not-well-formed.",
    (
        sent("<message to=romeo><subject>hi</subject></message>"),
        sent(_said("1 < 2")),
        sent(_said("]]>")),
        sent("<presence type='probe'to='romeo@example.net'/>"),
    ),
    (sent(_said("1 &lt; 2")),),
)
COMMENT = error(
    "comment",
    "XMPP does not allow comments",
    "RFC 6120 11.1",
    "A stream is not a document for people to read. Some servers close the stream with "
    "restricted-xml or not-well-formed, others drop the comment.",
    (sent(_said("a<!-- said twice -->")),),
    (sent(_said("a&lt;!-- said twice --&gt;")),),
)
INSTRUCTION = error(
    "processing-instruction",
    "XMPP does not allow processing instructions",
    "RFC 6120 11.1",
    "What begins with `<?` is for programs that read documents. Some servers close the stream.",
    (sent(_said("a<?target data?>")),),
    (sent(_said("a")),),
)
DOCTYPE = error(
    "doctype",
    "XMPP does not allow a DOCTYPE or any other declaration",
    "RFC 6120 11.1",
    "A document type could define entities that grow without end or read files, so a stream has "
    "none.",
    (sent("<!DOCTYPE stream><presence/>"),),
    (sent("<presence/>"),),
)
DECLARATION = error(
    "late-declaration",
    "an XML declaration stands only at the very start of a stream",
    "RFC 6120 11.5",
    "`<?xml ...?>` may come once, before the stream header, with nothing before it, not even a "
    "space. Later it is not XML any more, and the stream ends.",
    (
        sent("<presence/><?xml version='1.0'?>"),
        sent(" <?xml version='1.0'?>"),
        sent("<?xml version='1.0'?><presence/>", phase=Phase.BOUND),
    ),
    (sent("<?xml version='1.0'?>"), sent("<?xml version='1.0'?>", phase=Phase.START)),
)
ENCODING = error(
    "other-encoding",
    "a stream is in UTF-8 and declares nothing else",
    "RFC 6120 11.6",
    "XMPP has no other encoding. Some servers close the stream for the declaration alone; others "
    "read UTF-8 all the same, so that the letters come out wrong.",
    (sent("<?xml version='1.0' encoding='ISO-8859-1'?>"),),
    (sent("<?xml version='1.0' encoding='UTF-8'?>"),),
)
UTF8 = error(
    "not-utf8",
    "the bytes of a stream are UTF-8",
    "RFC 6120 11.6",
    "A byte that is not UTF-8, from a file in Latin-1 for example, ends the stream.",
    (sent(_said("caf\xe9").encode("latin-1")),),
    (sent(_said("caf\xe9").encode()),),
)
OUTSIDE = error(
    "text-outside-elements",
    "only elements and white space stand directly on a stream",
    "RFC 6120 11.7",
    "Text belongs into an element such as <body/>. Servers may close the stream for it, but "
    "Prosody and ejabberd drop it without a word, so that nobody learns that it was lost.",
    (sent("hello"), sent("<presence/>hello")),
    (sent(_said("hello")), sent(" \n<presence/>\n")),
)

RULES: Final[tuple[Rule, ...]] = (
    AMPERSAND, ENTITY, PREFIX, DUPLICATE, NESTING, CHARACTER, WELL_FORMED, COMMENT, INSTRUCTION,
    DOCTYPE, DECLARATION, ENCODING, UTF8, OUTSIDE,
)  # fmt: skip

_BY_SENTENCE: Final = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        ("`&` must", AMPERSAND),
        ("there is no entity|.*Entity '", ENTITY),
        ("the prefix `.*` is not declared|.*Namespace prefix .* is not defined", PREFIX),
        ("the attribute `.*` is there twice", DUPLICATE),
        ("end tag </.*(does not match|has no start tag)|the element <.* is not closed", NESTING),
        (r"U\+[0-9A-F]* is not allowed in XML|`.*` names a character", CHARACTER),
        ("XMPP does not allow comments", COMMENT),
        ("XMPP does not allow processing", INSTRUCTION),
        ("XMPP does not allow declarations", DOCTYPE),
        ("an XML declaration .* can only stand", DECLARATION),
        ("this is not an XML declaration", ENCODING),
        ("byte .* is not UTF-8", UTF8),
        ("text outside an element", OUTSIDE),
    )
)


def report_fault(work: Work, fault: XmlError) -> None:
    """Report what the XML of a text is found to be wrong in."""
    problem = fault.problem
    rule = next((r for p, r in _BY_SENTENCE if p.match(problem.what)), WELL_FORMED)
    lines = work.text.split("\n")
    before = sum(len(line) + 1 for line in lines[: fault.line - 1])
    offset = min(before + fault.column - 1, len(work.text))
    if "Excessive depth" in problem.what:  # libxml2 stops at 2048.
        work.report(DEPTH, "elements are nested more than 2000 deep", "", offset)
        return
    work.report(rule, problem.what, problem.cure, offset, reference=problem.reference)


def report_unclosed(work: Work) -> None:
    """Report that the text ends before its elements do."""
    open_elements = work.reading.open_elements
    name = divided(str(open_elements[-1].tag))[1] if open_elements else ""
    problem = not_closed(name)
    work.report(NESTING, problem.what, problem.cure, len(work.text.rstrip()))
