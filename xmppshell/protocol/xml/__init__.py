"""XML as the stream uses it: parse exact slices, judge typed text, cut text into tokens.

`parsing` turns a slice into a header or an lxml element, `examination` tells how far text at the
prompt has come, `reading` makes trees of such text and finds places in it, `tokens` cuts
well-formed text into exact pieces for display. `wellformed` is the scanner behind the messages: it
finds the first fault, where it stands, and says it in plain words.
"""

from .errors import XmlError
from .examination import Completeness, Examination, examine
from .parsing import Context, StreamHeader, parse_element, parse_header
from .tokens import Token, TokenKind, add_attribute, attributes_of, tokenise

__all__ = [
    "Completeness",
    "Context",
    "Examination",
    "StreamHeader",
    "Token",
    "TokenKind",
    "XmlError",
    "add_attribute",
    "attributes_of",
    "examine",
    "parse_element",
    "parse_header",
    "tokenise",
]
