"""What is on a stream besides elements, explained: its header, its end, what lies between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ..protocol import namespaces as ns
from .catalogue import catalogue
from .explain_value import meaning_and_fault, short_name, title_of_namespace
from .explanation import Branch, Remark, Source, Value
from .specifications import url_of

if TYPE_CHECKING:
    from ..protocol.xml import StreamHeader

_CONTENT: Final = {
    ns.CLIENT: "what stands on the stream without a namespace of its own is a client's",
    ns.SERVER: "what stands on the stream without a namespace of its own is a server's",
    ns.COMPONENT_ACCEPT: "the stream is that of a component, which a server lets in by a secret",
    ns.FRAMING: "the stream goes by WebSocket, where each element is a message of its own",
}
_PARTS: Final = {
    "end": (
        "end of the stream",
        "Closes one direction of the stream: nothing comes after it, and the other side answers"
        " with its own before the connection is closed.",
        "4.4",
    ),
    "whitespace": (
        "white space",
        "Means nothing: it keeps an idle connection open, and shows whether it still is.",
        "4.6.1",
    ),
    "text": (
        "text outside of any element",
        "Has no place there: on a stream there are only elements, and white space between them.",
        "11.7",
    ),
    "broken": (
        "bytes that are no XML",
        "Could not be read as XML; a receiver that keeps the rules ends the stream.",
        "4.9.3.13",
    ),
}


def explain_header(header: StreamHeader) -> Branch:
    """Return a stream header, or the `<open/>` that stands for one, with its attributes."""
    known = catalogue().element(header.tag)
    attributes = known.attributes if known is not None else {}
    values = []
    for clark, value in header.attributes.items():
        name = short_name(clark)
        attribute = attributes.get(name)
        if attribute is None:
            values.append(Value(name, value, doubt="not an attribute of a stream header"))
            continue
        _, doubt = meaning_and_fault(value, attribute.values, (header.tag, name))
        values.append(Value(name, value, attribute.why, doubt))
    name = header.tag.rpartition("}")[2]
    prefix = next((p for p, value in header.prefixes.items() if value == ns.STREAM), None)
    return Branch(
        f"{prefix}:{name}" if prefix and header.tag.startswith(f"{{{ns.STREAM}}}") else name,
        "",
        known.why if known is not None else "",
        Source(known.reference, known.url) if known is not None else Source(),
        (*values, *_declarations(header)),
        () if known is not None else (Remark("unknown", f"{header.tag} begins no stream"),),
    )


def _declarations(header: StreamHeader) -> Iterator[Value]:
    for prefix, namespace in header.prefixes.items():
        name = f"xmlns:{prefix}" if prefix else "xmlns"
        said = _CONTENT.get(namespace, "") if prefix is None else ""
        meaning = said or title_of_namespace(namespace)
        yield Value(name, namespace, meaning, "" if meaning else "not known here")


def explain_part(part: str) -> Branch:
    """Return what is no element: "end", "whitespace", "text" or "broken"; raises KeyError."""
    name, why, section = _PARTS[part]
    return Branch(name, "", why, Source(f"RFC 6120 {section}", url_of("RFC 6120", section)))
