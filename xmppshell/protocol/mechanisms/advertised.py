"""What a server advertised for SASL, and the hash that proves it arrived unchanged (XEP-0474)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advertised:
    """The mechanisms of one SASL profile and the channel binding types, as they were offered.

    `bindings` is None if the server announced none (XEP-0440), which is not the same as ().
    """

    mechanisms: tuple[str, ...]
    bindings: tuple[str, ...] | None = None

    @property
    def binds(self) -> bool:
        """True if any of the mechanisms uses channel binding."""
        return any(name.endswith("-PLUS") for name in self.mechanisms)

    def hash(self, digest: str) -> str:
        """Return the SCRAM attribute `h` of XEP-0474 6.1 by the hash function `digest`."""
        return self._hash(digest, "\x1e", "\x1f")

    def agrees(self, attribute: str, digest: str) -> bool:
        """Say whether the server's attribute `h` is that of these lists (XEP-0474 6.2).

        Version 0.3 of the XEP divided by `,` and `|`, and servers of its time still do. That is as
        good where no name holds one of these, as no registered name does.
        """
        if attribute == self.hash(digest):
            return True
        names = "".join((*self.mechanisms, *(self.bindings or ())))
        return not {",", "|"} & set(names) and attribute == self._hash(digest, ",", "|")

    def _hash(self, digest: str, between: str, after: str) -> str:
        # Python sorts text by code point, which for UTF-8 is the order of the octets.
        text = between.join(sorted(self.mechanisms))
        if self.bindings is not None:
            text += after + between.join(sorted(self.bindings))
        return base64.b64encode(hashlib.new(digest, text.encode()).digest()).decode("ascii")
