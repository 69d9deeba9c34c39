"""Parse exact slices of a stream with lxml, in the namespace context of the stream header."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from .. import namespaces
from ..problem import Problem
from . import faults
from .errors import XmlError
from .tokens import quoted
from .wellformed import Scan, scan

_LANG = f"{{{namespaces.XML}}}lang"


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """A stream header as it was written (RFC 6120 4.7).

    `attributes` and `tag` have Clark names (`{namespace}name`); `prefixes` maps each declared
    prefix, None for the default namespace, to its namespace name.
    """

    attributes: dict[str, str]
    prefixes: dict[str | None, str]
    tag: str

    @property
    def to(self) -> str | None:
        """Whom the header is for, None if it does not say."""
        return self.attributes.get("to")

    @property
    def sender(self) -> str | None:
        """The `from` attribute, None if absent."""
        return self.attributes.get("from")

    @property
    def id(self) -> str | None:
        """The stream id, None if absent."""
        return self.attributes.get("id")

    @property
    def version(self) -> str | None:
        """The version of XMPP, None if absent, which means older than 1.0."""
        return self.attributes.get("version")

    @property
    def lang(self) -> str | None:
        """The default language of the stream (xml:lang), None if absent."""
        return self.attributes.get(_LANG)

    @property
    def content_namespace(self) -> str:
        """The default namespace, in which the stanzas stand; empty if none is declared."""
        return self.prefixes.get(None, "")


class Context:
    """What a stream header puts in scope for the slices after it.

    `prefixes` maps prefixes, None for the default namespace, to namespace names; `lang` is the
    default language or None.
    """

    __slots__ = ("closing", "lang", "opening", "prefixes")

    def __init__(self, prefixes: Mapping[str | None, str], lang: str | None = None) -> None:
        self.prefixes = dict(prefixes)
        self.lang = lang
        root = next(
            (
                f"{prefix}:stream" if prefix else "stream"
                for prefix, name in self.prefixes.items()
                if name == namespaces.STREAM
            ),
            "stream",
        )
        declarations = "".join(
            f" xmlns{':' + prefix if prefix else ''}={quoted(name)}"
            for prefix, name in self.prefixes.items()
            if prefix != "xml"
        )
        language = "" if lang is None else f" xml:lang={quoted(lang)}"
        # The line feed keeps the columns of the first line of a slice as they are.
        self.opening = f"<{root}{declarations}{language}>\n".encode()
        self.closing = f"</{root}>".encode()

    @classmethod
    def of(cls, header: StreamHeader) -> Context:
        """Return what `header` puts in scope."""
        return cls(header.prefixes, header.lang)

    @classmethod
    def for_namespace(cls, default: str = namespaces.CLIENT) -> Context:
        """Return the usual context: `default` as default namespace, and the prefix `stream`."""
        return cls({None: default, "stream": namespaces.STREAM})


def _new_parser(*, recover: bool = False) -> etree.XMLParser:
    # huge_tree lifts libxml2's own limits, depth 256 and 10,000,000 bytes of text, which fall
    # short of the framer's. Nothing with a DTD comes here, so there are no entities to expand.
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        collect_ids=False,
        encoding="utf-8",
        recover=recover,
    )


_PARSER = _new_parser()


def parse_tree(data: bytes, context: Context | None = None) -> etree._Element:
    """Return the root that lxml makes of `data`, or a synthetic one around it if in `context`.

    Raises XMLSyntaxError. A namespace name that is no URI is let pass: libxml2 takes it for an
    error, but it leaves XML well-formed, and other parsers on the stream accept it.
    """
    if context is not None:
        data = context.opening + data + context.closing
    try:
        return etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.WAR_NS_URI:
            lenient = _new_parser(recover=True)
            root = etree.fromstring(data, lenient)
            if all(entry.type in _LET_PASS for entry in lenient.error_log):
                return root
        raise


_LET_PASS = (etree.ErrorTypes.WAR_NS_URI, etree.ErrorTypes.WAR_NS_URI_RELATIVE)


def parse_header(data: bytes) -> StreamHeader:
    """Parse the root's start tag, with or without the XML declaration before it.

    Raises XmlError if it is not well-formed or not one start tag.
    """
    text = _decoded(data)
    found = scan(text, {}, headers=True)
    if found.fault is not None:
        raise XmlError.at(found.fault.problem, text, found.fault.offset)
    name = _ROOT_NAME.match(text)
    if found.unfinished or name is None:
        raise _too_short(found, text)
    if text.count("<", name.end()):
        raise XmlError(_NOT_A_HEADER, 1, 1)
    closing = "" if text.rstrip().endswith("/>") else f"</{name[1]}>"
    try:
        root = parse_tree((text + closing).encode())
    except etree.XMLSyntaxError as error:
        raise _from_libxml2(error, text, 0) from None
    if root.text:
        raise XmlError(_NOT_A_HEADER, 1, 1)
    attributes = {str(name): str(value) for name, value in root.attrib.items()}
    return StreamHeader(attributes, dict(root.nsmap), str(root.tag))


_ROOT_NAME = re.compile(r"(?:<\?xml\s[^<>]*\?>)?\s*<([^\s<>/?!]+)")

_NOT_A_HEADER = Problem(
    "this is more than a stream header",
    "a stream header is one start tag that is left open",
    "send the header by itself",
    "RFC 6120 4.7",
)


def parse_element(data: bytes, context: Context) -> etree._Element:
    """Parse one element, UTF-8, as it stands on a stream with `context`.

    White space around it is allowed. The element stays the child of a synthetic stream root, from
    which it inherits namespaces and language. Raises XmlError if `data` is anything else than one
    well-formed element without comments and processing instructions.
    """
    try:
        root = parse_tree(data, context)
    except etree.XMLSyntaxError as error:
        raise _explained(data, context, error) from None
    if len(root) != 1:
        raise _explained(data, context, None)
    element = root[0]
    if (root.text or "").strip() or (element.tail or "").strip():
        raise _explained(data, context, None)
    if (b"<!" in data or b"<?" in data) and not _is_plain(root):
        raise _explained(data, context, None)
    return element


def _is_plain(root: etree._Element) -> bool:
    """Tell whether the tree has neither comments nor processing instructions."""
    return next(root.iter(etree.Comment, etree.ProcessingInstruction), None) is None


def _explained(data: bytes, context: Context, error: etree.XMLSyntaxError | None) -> XmlError:
    """Return the XmlError for `data`, which lxml refused with `error` or is not one element."""
    try:
        text = _decoded(data)
    except XmlError as undecodable:
        return undecodable
    found = scan(text, context.prefixes)
    if found.fault is not None:
        return XmlError.at(found.fault.problem, text, found.fault.offset)
    if found.open_tags or found.unfinished:
        return _too_short(found, text)
    if len(found.elements) != 1:
        return _not_one(found, text)
    if error is None:
        return XmlError(_UNUSABLE, 1, 1)
    return _from_libxml2(error, text, 1)


def refusal(text: str, found: Scan) -> XmlError | None:
    """Return what lxml finds wrong in `text` as far as its scan `found` went.

    The elements that are still open there are closed for the purpose.
    """
    for start, end in found.headers:
        if not text.startswith(("</", "<?"), start):
            try:
                parse_header(text[start:end].encode())
            except XmlError as error:
                return _moved(error, text, start)
    for section in found.sections:
        piece = text[section.start : section.end]
        context = Context(section.prefixes)
        closing = b""
        if section is found.sections[-1]:
            closing = "".join(f"</{name}>" for name in reversed(found.open_tags)).encode()
        try:
            parse_tree(piece.encode(errors="surrogatepass") + closing, context)
        except etree.XMLSyntaxError as error:
            return _moved(_from_libxml2(error, piece, 1), text, section.start)
    return None


def _moved(error: XmlError, text: str, start: int) -> XmlError:
    """Return `error`, found in a piece of `text` that starts at `start`, as one in `text`."""
    first = XmlError.at(error.problem, text, start)
    column = error.column + (first.column - 1 if error.line == 1 else 0)
    return XmlError(error.problem, first.line + error.line - 1, column)


def _too_short(found: Scan, text: str) -> XmlError:
    """Return the XmlError for `text` that ends too early, as its scan `found`."""
    innermost = found.open_tags[-1] if found.open_tags else ""
    return XmlError.at(faults.not_closed(innermost), text, len(text))


def _not_one(found: Scan, text: str) -> XmlError:
    if not found.elements:
        return XmlError(_NO_ELEMENT, 1, 1)
    return XmlError.at(_TWO_ELEMENTS, text, found.elements[1][0])


def _from_libxml2(error: etree.XMLSyntaxError, text: str, extra_lines: int) -> XmlError:
    """Return the XmlError for a fault that only libxml2 knows, `extra_lines` below where it is."""
    line, column = error.position
    line = max(1, line - extra_lines)
    lines = text.split("\n")
    if line > len(lines):
        line, column = len(lines), len(lines[-1]) + 1
    message = error.msg.partition(", line ")[0].strip()
    problem = Problem(
        f"the XML is not well-formed: {message}",
        "a rule of XML or of namespaces in XML is broken",
        "correct the place and try again",
        "RFC 6120 11.3",
    )
    return XmlError(problem, line, max(1, min(column, len(lines[line - 1]) + 1)))


def _decoded(data: bytes) -> str:
    """Return `data` as text; raises XmlError where it is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        problem = Problem(
            f"byte 0x{data[error.start]:02X} is not UTF-8",
            "the text is in another encoding, such as Latin-1",
            "send the text as UTF-8",
            "RFC 6120 11.6",
        )
        raise XmlError.at(problem, before, len(before)) from None


_NO_ELEMENT = Problem(
    "there is no element",
    "the text is empty or only white space",
    "write an element, such as `<presence/>`",
)
_TWO_ELEMENTS = Problem(
    "there is more than one element",
    "two elements were given where one is wanted",
    "send them one after the other",
)
_UNUSABLE = Problem(
    "this is not one plain element",
    "there is more around or inside it than XMPP allows",
    "send one element without comments and processing instructions",
    "RFC 6120 11.1",
)
