"""What the library can explain: elements, the other parts of a stream, and words.

explain_element(element)      an annotated tree (`explanation.Branch`)
explain_header, explain_part  the same for what is no element
explain_term("ping")          cards (`explanation.Answer`)
coverage(elements)            how much of what was said the catalogue knows
"""

from __future__ import annotations

from .circumstances import Circumstances
from .coverage import Coverage, coverage
from .explain_element import explain_element
from .explain_path import explain_path
from .explain_stream import explain_header, explain_part
from .explain_term import elements_of, explain_term

__all__ = [
    "Circumstances",
    "Coverage",
    "coverage",
    "elements_of",
    "explain_element",
    "explain_header",
    "explain_part",
    "explain_path",
    "explain_term",
]
