"""The faults of typed and received XML in words for a learner: what, the usual cause, the cure."""

from __future__ import annotations

from ..problem import Problem

_WELL_FORMED = "RFC 6120 11.3"
_RESTRICTED = "RFC 6120 11.1"

BARE_AMPERSAND = Problem(
    "`&` must be written `&amp;`",
    "in XML `&` begins a reference, such as `&lt;`",
    "write `&amp;` for the `&`",
    _WELL_FORMED,
)
CDATA_END = Problem(
    "`]]>` cannot stand in text",
    "it ends a CDATA section, and none is open",
    "write `]]&gt;`",
    _WELL_FORMED,
)
LONE_LESS_THAN = Problem(
    "`<` must be written `&lt;` unless it begins a tag",
    "in XML `<` begins a tag, and no name follows it",
    "write `&lt;` for a `<` in text, or put a name directly after it",
    _WELL_FORMED,
)
LONE_SLASH = Problem(
    "`/` in a tag must be followed by `>`",
    "`/` stands only at the end of an empty element, such as `<presence/>`",
    "write `/>` at the end of the tag, or put the value in quotes",
    _WELL_FORMED,
)
STRAY_COLON = Problem(
    "`:` is not in place here",
    "a name has at most one colon, between a prefix and the rest",
    "write the name as `prefix:name` or without a colon",
    _WELL_FORMED,
)
NAMELESS_END_TAG = Problem(
    "the end tag has no name",
    "the name must follow `</` directly",
    "write the name of the element that is closed, such as `</body>`",
    _WELL_FORMED,
)
COMMENT = Problem(
    "XMPP does not allow comments (`<!-- -->`)",
    "the XML was copied from a specification or a file",
    "take the comment out",
    _RESTRICTED,
)
DOCTYPE = Problem(
    "XMPP does not allow declarations such as `<!DOCTYPE`",
    "the XML was copied from a document of another kind",
    "take the declaration out",
    _RESTRICTED,
)
INSTRUCTION = Problem(
    "XMPP does not allow processing instructions (`<?...?>`)",
    "the XML was copied from a document of another kind",
    "take the instruction out",
    _RESTRICTED,
)
LATE_DECLARATION = Problem(
    "an XML declaration (`<?xml ...?>`) can only stand at the very start of a stream",
    "there is something before it, perhaps only white space",
    "take the declaration out; it is optional",
    "RFC 6120 11.5",
)
BAD_DECLARATION = Problem(
    "this is not an XML declaration that XMPP allows",
    "a part is missing or misspelt, or the encoding is not UTF-8",
    "write `<?xml version='1.0'?>`, or leave it out",
    "RFC 6120 11.5",
)


def outside_text(character: str) -> Problem:
    """Describe text outside of all elements that begins with `character`."""
    return Problem(
        f"text outside an element, beginning with {shown(character)}",
        "only elements and white space can stand directly on a stream",
        "put the text into an element, such as `<body>`",
        "RFC 6120 11.7",
    )


def forbidden_character(character: str) -> Problem:
    """Describe a character that XML does not have at all (XML 1.0 2.2)."""
    return Problem(
        f"{shown(character)} is not allowed in XML",
        "a control character came along in a paste",
        "take the character out",
        _WELL_FORMED,
    )


def unknown_entity(name: str) -> Problem:
    """Describe a reference `&name;` to an entity that XML does not define."""
    return Problem(
        f"there is no entity `&{name};`",
        "XMPP has only `&amp;` `&lt;` `&gt;` `&quot;` `&apos;`; others belong to HTML",
        "type the character itself, or write `&amp;` for the `&`",
        _RESTRICTED,
    )


def bad_reference(reference: str) -> Problem:
    """Describe a numeric `reference` to a character that XML does not have."""
    return Problem(
        f"`{reference}` names a character that is not allowed in XML",
        "control characters cannot be written in XML, not even as a reference",
        "take the reference out",
        _WELL_FORMED,
    )


def duplicate_attribute(name: str) -> Problem:
    """Describe a tag that has the attribute `name` twice."""
    return Problem(
        f"the attribute `{name}` is there twice",
        "an attribute can stand only once in a tag",
        "take one of the two out",
        _WELL_FORMED,
    )


def undeclared_prefix(prefix: str) -> Problem:
    """Describe the use of a namespace prefix that is not declared."""
    return Problem(
        f"the prefix `{prefix}:` is not declared",
        "a prefix needs a declaration in the same element or around it",
        f"add `xmlns:{prefix}='...'` with the namespace, or leave the prefix out",
        _WELL_FORMED,
    )


def stray_end_tag(name: str) -> Problem:
    """Describe an end tag that stands where no element is open."""
    return Problem(
        f"end tag </{name}> has no start tag",
        "no element is open here; the start tag is missing or was already closed",
        f"take </{name}> out, or put <{name}> before what it closes",
        _WELL_FORMED,
    )


def mismatched_end_tag(name: str, opened: str, line: int) -> Problem:
    """Describe an end tag that stands where `opened`, from line `line`, must be closed first."""
    return Problem(
        f"end tag </{name}> does not match <{opened}>",
        f"<{opened}> in line {line} was opened last and must be closed first",
        f"write </{opened}> here, or before </{name}>",
        _WELL_FORMED,
    )


def end_tag_not_closed(name: str, character: str) -> Problem:
    """Describe a character in the end tag of `name`, where only `>` can stand."""
    return Problem(
        f"{shown(character)} cannot stand in the end tag </{name}>",
        "an end tag has a name and no attributes",
        f"write </{name}>",
        _WELL_FORMED,
    )


def tag_not_closed(name: str) -> Problem:
    """Describe a `<` inside the start tag of `name`."""
    return Problem(
        f"there is a `<` inside the tag <{name}",
        "the tag is not closed with `>`",
        "write `>` or `/>` before the `<`",
        _WELL_FORMED,
    )


def quote_in_tag(later: bool) -> Problem:
    """Describe a quote where an attribute should begin; `later` if one came before it."""
    return Problem(
        "a quote stands where an attribute should begin",
        "the quotes do not pair up" if later else "the value has no attribute name",
        "write name='value'; for a quote within a value use the other kind of quote",
        _WELL_FORMED,
    )


def not_a_name(character: str) -> Problem:
    """Describe a character in a tag that can begin no attribute."""
    return Problem(
        f"{shown(character)} cannot stand here in a tag",
        "an attribute begins with a letter and looks like name='value'",
        f"take {shown(character)} out, or put the value it belongs to in quotes",
        _WELL_FORMED,
    )


def missing_space(name: str) -> Problem:
    """Describe an attribute without white space before it."""
    return Problem(
        f"a space is missing before the attribute `{name}`",
        "attributes are separated by white space",
        f"put a space before `{name}`",
        _WELL_FORMED,
    )


def without_value(name: str) -> Problem:
    """Describe an attribute without a value."""
    return Problem(
        f"the attribute `{name}` has no value",
        "in XML, unlike HTML, each attribute has a value",
        f"write {name}='...'",
        _WELL_FORMED,
    )


def unquoted_value(name: str) -> Problem:
    """Describe an attribute without quotes around its value."""
    return Problem(
        f"the value of `{name}` must be in quotes",
        "in XML, unlike HTML, values always have quotes",
        f"write {name}='...'",
        _WELL_FORMED,
    )


def less_than_in_value(name: str) -> Problem:
    """Describe a `<` in the value of the attribute `name`."""
    return Problem(
        f"`<` in the value of `{name}` must be written `&lt;`",
        "the closing quote is missing, or the `<` was not escaped",
        "close the quote before the `<`, or write `&lt;`",
        _WELL_FORMED,
    )


def not_closed(name: str) -> Problem:
    """Describe text that ends while the element `name` is open, or in a tag if that is empty."""
    what = f"the element <{name}> is not closed" if name else "the tag is not complete"
    return Problem(
        what,
        "the text was cut off, or an end tag is missing",
        f"add </{name}>" if name else "complete the tag with `>` or `/>`",
        _WELL_FORMED,
    )


def shown(character: str) -> str:
    """Return `character` in quotes, or by its number if it is not visible."""
    if character.isprintable() and not character.isspace():
        return f"`{character}`"
    return f"U+{ord(character):04X}"
