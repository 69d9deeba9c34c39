"""What is known around an element that is to be explained."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml import etree

    from ..protocol.sasl_explain import Field


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known around an element; everything may be left out.

    `received` says that it came from the other side: then what is addressed is addressed to the
    user. `request` is what it answers, and `fields` what its SASL payload says. Of where an error
    comes from, `presence` is the last presence, "available", "unavailable" or "" for none, and
    `features` are those that it gave by disco#info, None if it was not asked.

    With `whole` nothing is left out. Values in which `unjudged` is found stand for others, and
    are not held against what they should be.
    """

    received: bool = False
    request: etree._Element | None = None
    fields: Sequence[Field] = ()
    presence: str = ""
    features: frozenset[str] | None = None
    whole: bool = False
    unjudged: re.Pattern[str] | None = None
