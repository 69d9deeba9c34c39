"""Where the server of a domain is: targets, in order of preference."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class TlsMode(enum.Enum):
    """How a connection is to be secured."""

    STARTTLS = "starttls"
    DIRECT = "direct"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Target:
    """One place to connect to: `host` and `port`, TLS at once or not, and why it was chosen."""

    host: str
    port: int
    direct_tls: bool
    why: str
