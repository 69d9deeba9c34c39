"""Host names and IP addresses as text: telling them apart, and how DNS and TLS write them."""

from __future__ import annotations

import ipaddress


def ip_address(name: str) -> str | None:
    """Return the IP address that `name` is, without the brackets of `[::1]`, or None for a name."""
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return None
    return bare


def is_localhost(name: str) -> bool:
    """Tell whether `name` is `localhost` or lies below it: never a case for DNS (RFC 6761 6.3)."""
    labels = name.rstrip(".").lower().split(".")
    return labels[-1] == "localhost"


def is_loopback(address: str) -> bool:
    """Say whether `address`, numeric or a name, can be reached from this machine only."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return is_localhost(address)


def to_ascii(name: str) -> str:
    """Return `name` as DNS and TLS write it: A-labels, no final dot, no brackets around IPv6.

    Raises ValueError if `name` cannot be a host name (RFC 5891 for names that are not ASCII).
    """
    address = ip_address(name)
    if address is not None:
        return address
    name = name.removesuffix(".")
    if not name.isascii():
        import idna

        name = idna.encode(name, uts46=True).decode("ascii")
    if not name or len(name) > 253 or any(not 0 < len(label) < 64 for label in name.split(".")):
        raise ValueError(f"not a host name: {name!r}")
    return name


def host_and_port(host: str, port: int) -> str:
    """Return `host:port`, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
