"""Where messages may go, and where they may not."""

import socket
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from game.webhooks.out.guard import complaint, is_public, may_connect
from game.webhooks.out.sender import Sender

PRIVATE = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.8.8.8", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::a00:1", "100::1", "2001::1",
    "2001:0:7f00:1::", "2001:10::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1",
    "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "198.20.0.1", "2606:4700::1111", "2400:3200::1",
    "2a00:1450::1",
]  # fmt: skip
URLS_REFUSED = [
    "http://example.com/hook", "ftp://example.com/", "//example.com/", "https:///hook", "https://",
    "https://user@example.com/", "https://user:pass@example.com/", "https://@example.com/",
    "https://example.com:80/", "https://example.com:22/", "https://example.com:99999/", "https://example.com:x/",
    "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:7f00:1]/", "https://169.254.169.254/latest",
    "https://10.0.0.1:8443/", "https://exa mple.com/", "https://example.com/\n", "https://ex%61mple.com/",
    "https://[fe80::1%25eth0]/", "https://example.com\\@10.0.0.1/", "https://bücher.example/", "https://[::1/",
    "https://example.com/" + "a" * 500, "",
]  # fmt: skip
URLS_ALLOWED = [
    "https://example.com/hook", "https://example.com:8443/a?b=c", "https://8.8.8.8/", "https://[2606:4700::1]:443/",
]  # fmt: skip


class Names(AbstractResolver):
    """A resolver that gives its answers one after the other, and the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The next answer."""
        del family
        address = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_somebody(address: str) -> None:
    """Private, local, shared, reserved and multicast addresses, and forms that have another one inside."""
    assert not is_public(address)
    assert not may_connect(address, to_loopback=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet(address: str) -> None:
    """Those of everybody, also next to blocks that are not."""
    assert may_connect(address, to_loopback=False)


@pytest.mark.parametrize("url", URLS_REFUSED)
def test_refused_urls(url: str) -> None:
    """Other schemes, ports, credentials, addresses that are not public, and what parsers read in two ways."""
    assert complaint(url, to_loopback=False) is not None


@pytest.mark.parametrize("url", URLS_ALLOWED)
def test_allowed_urls(url: str) -> None:
    """HTTPS to a name or a public address."""
    assert complaint(url, to_loopback=False) is None


def test_loopback_only_where_the_settings_allow() -> None:
    """For trying out: plain HTTP to 127.0.0.1, and to no other address."""
    assert complaint("http://127.0.0.1:9000/hook", to_loopback=True) is None
    assert complaint("http://127.0.0.1:9000/hook", to_loopback=False) is not None
    assert complaint("http://10.0.0.1:9000/hook", to_loopback=True) is not None
    assert complaint("http://127.0.0.1@10.0.0.1/hook", to_loopback=True) is not None
    assert may_connect("127.0.0.1", to_loopback=True)
    assert not may_connect("10.0.0.1", to_loopback=True)


@pytest.mark.asyncio
@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
async def test_names_that_lead_inside(address: str) -> None:
    """A harmless name that resolves to such an address is not connected to."""
    async with Sender(to_loopback=False, clock=lambda: 0, resolver=Names(address)) as sender:
        sent = await sender.send("https://hook.example/", {}, b"{}")
    assert (sent.status, sent.error) == (None, "address_refused")


@pytest.mark.asyncio
async def test_a_name_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it resolved to before does not count: each connection is judged by its own address."""
    connected: list[Any] = []

    async def connect(_loop: Any, _sock: socket.socket, address: Any) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("asyncio.selector_events.BaseSelectorEventLoop.sock_connect", connect)
    async with Sender(to_loopback=False, clock=lambda: 0, resolver=Names("8.8.8.8", "127.0.0.1")) as sender:
        errors = [(await sender.send("https://hook.example/", {}, b"{}")).error for _ in range(3)]
    assert errors == ["connection_refused", "address_refused", "address_refused"]
    assert [address[0] for address in connected] == ["8.8.8.8"]
