"""The GS2 header that begins the client's first message of SCRAM and of OAUTHBEARER.

It says whether a channel binding is used, and whom to act as (RFC 5801 4).
"""

from __future__ import annotations

from dataclasses import dataclass

NO_BINDING = "n"
"""The flag of a client that does not use channel binding."""

NOT_OFFERED = "y"
"""The flag of a client that could, and believes that the server cannot."""

BOUND = "p"
"""The flag of a client that uses the channel binding named after it."""


@dataclass(frozen=True, slots=True)
class Gs2Header:
    """`flag` is one of the three above; `binding_type` goes with `p` only.

    `authzid` is the identity to act as, as plain text, or "".
    """

    flag: str = NO_BINDING
    binding_type: str = ""
    authzid: str = ""

    def __str__(self) -> str:
        flag = f"{self.flag}={self.binding_type}" if self.flag == BOUND else self.flag
        authzid = f"a={escape_name(self.authzid)}" if self.authzid else ""
        return f"{flag},{authzid},"


def split_header(message: str) -> tuple[Gs2Header, str]:
    """Divide a client's first message into its header and the rest; raises ValueError."""
    if message.count(",") < 2:
        raise ValueError("the GS2 header has not both of its commas")
    first, second, rest = message.split(",", 2)
    flag, equals, binding_type = first.partition("=")
    if flag not in (NO_BINDING, NOT_OFFERED, BOUND) or (flag == BOUND) is not bool(binding_type):
        raise ValueError(f"the GS2 header begins with '{first}'")
    if equals and flag != BOUND:
        raise ValueError(f"the GS2 header begins with '{first}'")
    if second and not second.startswith("a="):
        raise ValueError(f"the GS2 header has '{second}' for an identity")
    return Gs2Header(flag, binding_type, unescape_name(second[2:])), rest


def escape_name(name: str) -> str:
    """Write a name with `,` and `=` as the grammar has them (RFC 5802 5.1)."""
    return name.replace("=", "=3D").replace(",", "=2C")


def unescape_name(text: str) -> str:
    """Read a name back; raises ValueError for a `=` that begins no escape."""
    parts = text.split("=")
    for part in parts[1:]:
        if part[:2] not in ("2C", "3D"):
            raise ValueError("a '=' in a name that is neither =2C nor =3D")
    return parts[0] + "".join(
        ("," if part.startswith("2C") else "=") + part[2:] for part in parts[1:]
    )
