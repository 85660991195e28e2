"""Where messages may go: the public internet over TLS, and nowhere else. Pure.

A name is checked again at every connection, by the address that is being connected to: what it resolved to
before, or resolves to a moment later, does not count.

Sources: the IANA special-purpose address registries (IPv4, IPv6); OWASP, "Server-Side Request Forgery".
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

URL_MAX: Final = 500
PORTS: Final = frozenset({443, 8443})
PRINTABLE: Final = re.compile(r"[!-~]+")
HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]")
# 6to4 relays, which hand on to whatever address stands inside; Python's registry calls them global.
_RELAYS: Final = ip_network("192.88.99.0/24")
_UNICAST: Final = IPv6Network("2000::/3")
# Within it: protocol assignments with Teredo and ORCHID, documentation (two), 6to4, segment routing.
_NOT_UNICAST: Final = tuple(
    IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16")
)


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, with no other address inside it."""
    parsed = ip_address(address.partition("%")[0])
    return _is_public_v4(parsed) if isinstance(parsed, IPv4Address) else _is_public_v6(parsed)


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and address not in _RELAYS


def _is_public_v6(address: IPv6Address) -> bool:
    """Mapped, NAT64, local and multicast forms are outside of the unicast block."""
    return address in _UNICAST and not any(address in network for network in _NOT_UNICAST)


def may_connect(address: str, *, to_loopback: bool) -> bool:
    """Whether a connection to an address may be opened; `to_loopback`: as the settings allow."""
    return is_public(address) or (to_loopback and ip_address(address.partition("%")[0]).is_loopback)


def complaint(url: str, *, to_loopback: bool) -> str | None:
    """The rule that a URL breaks; None: messages may be sent to it, as far as it can tell by itself."""
    if len(url) > URL_MAX or not PRINTABLE.fullmatch(url):
        return f"at most {URL_MAX} printable ASCII characters"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "a URL"
    if to_loopback and parts.hostname == "127.0.0.1" and parts.scheme == "http":
        return None
    if parts.scheme != "https":
        return "begins with https://"
    if (port or 443) not in PORTS:
        return f"a port of {', '.join(map(str, sorted(PORTS)))}"
    return _complaint_of_host(parts)


def _complaint_of_host(parts: SplitResult) -> str | None:
    host, at, _ = parts.netloc.partition("@")
    if at:
        return "no user and no password"
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if not HOST.fullmatch(name) or not parts.hostname:
        return "a host name or an address"
    try:
        is_allowed = is_public(parts.hostname)
    except ValueError:
        return None
    return None if is_allowed else "an address of the public internet"
