"""Which versions of TLS a server accepts: one handshake for each, on a wire of its own.

Nothing is verified and nothing is sent over such a connection. The old versions are tried with
settings that no other part of the program ever uses.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import ssl
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .failures import ConnectionFailed
from .hostname import to_ascii

if TYPE_CHECKING:
    from .tcp import Wire

VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3")
"""The versions that can be tried, oldest first."""

_NUMBERS: Final = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
_OLD: Final = frozenset({"1.0", "1.1"})


class Acceptance(enum.Enum):
    """What came of a trial; `UNTESTABLE` if this machine's TLS cannot speak the version."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNTESTABLE = "untestable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying one version: the cipher if accepted, else how it was refused."""

    version: str
    acceptance: Acceptance
    detail: str = ""


async def try_version(
    wire: Wire,
    version: str,
    server_name: str,
    *,
    alpn: tuple[str, ...] = (),
    timeout: float = 10.0,  # noqa: ASYNC109 - becomes an answer
) -> Trial:
    """Begin TLS on `wire` with `version` and no other, and say what came of it.

    The wire, on which TLS must be due, is only there to be closed afterwards. `server_name` is
    sent as SNI.
    """
    try:
        context = _context(version, alpn)
    except (ssl.SSLError, ValueError) as error:
        return Trial(version, Acceptance.UNTESTABLE, str(error))
    try:
        async with asyncio.timeout(timeout):
            return await _handshake(wire, context, version, to_ascii(server_name))
    except TimeoutError:
        return Trial(version, Acceptance.UNKNOWN, f"no answer within {timeout:g} s")


async def _handshake(wire: Wire, context: ssl.SSLContext, version: str, name: str) -> Trial:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname=name)
    began = False
    while True:
        try:
            connection.do_handshake()
        except ssl.SSLWantReadError:
            began = True
        except ssl.SSLError as error:
            reason = (error.reason or str(error)).lower().replace("_", " ")
            kind = Acceptance.REFUSED if began else Acceptance.UNTESTABLE
            return Trial(version, kind, reason)
        else:
            cipher = connection.cipher()
            with contextlib.suppress(ConnectionFailed):  # Only the answer was wanted.
                wire.write(outgoing.read())
            return Trial(version, Acceptance.ACCEPTED, cipher[0] if cipher else "")
        try:
            wire.write(outgoing.read())
            data = await wire.read()
        except ConnectionFailed as failure:
            return Trial(version, Acceptance.REFUSED, failure.problem.what)
        if not data:
            return Trial(version, Acceptance.REFUSED, "the connection was closed")
        incoming.write(data)


def _context(version: str, alpn: tuple[str, ...]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version in _OLD:
        # Their signatures are below what OpenSSL allows by itself.
        context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _NUMBERS[version]
        context.maximum_version = _NUMBERS[version]
    if alpn:
        context.set_alpn_protocols(alpn)
    return context
