"""Where a request comes from, when proxies may stand between."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from litestar.types import HTTPScope

from game.settings import Network

FORWARDED_HOPS = 10
NO_ADDRESS = "local"


def client_address(scope: HTTPScope, trusted: tuple[Network, ...]) -> str:
    """The address of the client: the socket's, or what the last trusted proxy says in X-Forwarded-For.

    An IPv6 address stands for its /64, which is what one subscriber gets (RFC 6177).
    """
    client = scope["client"]
    address = client[0] if client else NO_ADDRESS
    if trusted and _is_trusted(address, trusted):
        address = _before_proxies(_forwarded(scope), address, trusted)
    return _subscriber(address)


def _before_proxies(hops: list[str], proxy: str, trusted: tuple[Network, ...]) -> str:
    for hop in reversed(hops):
        if _parsed(hop) is None:
            return proxy
        if not _is_trusted(hop, trusted):
            return hop
        proxy = hop
    return proxy


def _forwarded(scope: HTTPScope) -> list[str]:
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [hop.strip() for hop in ",".join(lines).split(",")][-FORWARDED_HOPS:]


@lru_cache(maxsize=4_096)
def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in trusted)


def is_loopback(address: str) -> bool:
    """Whether an address is of this machine."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


@lru_cache(maxsize=4_096)
def _subscriber(address: str) -> str:
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed) if parsed else NO_ADDRESS
