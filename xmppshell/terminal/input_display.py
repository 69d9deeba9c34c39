"""How the input is displayed: nothing of a secret, and nothing that acts on the terminal."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.formatted_text.utils import fragment_list_to_text
from prompt_toolkit.layout.processors import Processor, Transformation, TransformationInput
from prompt_toolkit.layout.utils import explode_text_fragments

from .safe_text import safe_line

TAB_COLUMNS = 4


class Hidden(Processor):
    """Shows nothing of what is typed, not even how much it is."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Return an empty line with the cursor at its start."""
        return Transformation([], source_to_display=lambda _: 0, display_to_source=lambda _: 0)


class Visible(Processor):
    """Shows tabs as spaces and, as everywhere, characters that act as their code points."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        """Return the line made safe, with the places of its characters."""
        text = fragment_list_to_text(transformation_input.fragments)
        if safe_line(text) is text:
            return Transformation(transformation_input.fragments)
        exploded = explode_text_fragments(transformation_input.fragments)
        shown: StyleAndTextTuples = [(each[0], _shown(each[1])) for each in exploded]
        starts = [0, *accumulate(len(each[1]) for each in shown)]
        return Transformation(
            shown,
            source_to_display=lambda i: starts[min(i, len(shown))] + max(0, i - len(shown)),
            display_to_source=lambda i: bisect_right(starts, i) - 1,
        )


def _shown(character: str) -> str:
    return " " * TAB_COLUMNS if character == "\t" else safe_line(character)
