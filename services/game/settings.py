"""What the service is told by its environment: one frozen struct from the `PLAYFAIR_*` variables.

No secret and no address of another service has a default. Errors name variables and rules, never values,
since an address may carry a password.
"""

import base64
import binascii
import os
import re
import stat
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from game.fair.witness import Witness, WitnessAt

Network = IPv4Network | IPv6Network

PREFIX = "PLAYFAIR_"
SECRET_KEY_BYTES = 32
KEYS = f"{PREFIX}SECRET_KEYS"
KEYS_FILE = f"{KEYS}_FILE"
KEYS_FILE_BYTES = 65_536
OTHERS_MODE = stat.S_IWGRP | stat.S_IRWXO  # a group may read it: that of the service
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
LEDGER_TOKEN_CHARACTERS = 16
# Those of ledger_client.adapters, which a command that needs no ledger does not import.
LEDGER_SCHEMES = ("http", "https", "formance+http", "formance+https")
BEACON_RELAYS = 2
TOKEN_AUDIENCE = "playfair"  # noqa: S105  a name, not a secret
LOG_LEVELS = ("debug", "info", "warning", "error")
SECRET_FIELDS = frozenset({"database_url", "redis_url", "ledger_token", "secret_keys"})


class SettingsError(Exception):
    """The environment lacks variables or has malformed ones; the text has one line for each."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("\n".join(complaints))
        self.complaints = tuple(complaints)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that differs between one installation and the next. Its repr shows no secret.

    The first of `secret_keys` seals, all of them open. Without `metrics_directory` (None) each worker counts
    for itself; without beacon relays no pool can have a beacon.
    """

    database_url: str
    redis_url: str
    ledger_url: str
    ledger_token: str
    secret_keys: dict[str, bytes]
    host: str
    port: int
    workers: int
    public_url: str
    database_connections: int
    database_pooler: bool
    request_deadline_ms: int
    operation_ttl_ms: int
    clock_skew_seconds: int
    token_audience: str
    beacon_relays: tuple[str, ...]
    witnesses: tuple[WitnessAt, ...]
    requests_per_player: int
    requests_per_address: int
    events_per_source: int
    webhooks_to_loopback: bool
    trusted_proxies: tuple[Network, ...]
    log_level: str
    metrics_directory: str | None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables; SettingsError lists everything that is wrong with them."""
        environ, complaints = _with_key_file(environ)
        values, more = _read(environ, VARIABLES)
        complaints += [line for line in more if not (complaints and line.startswith(f"{KEYS} "))]
        if complaints:
            raise SettingsError(complaints)
        values["public_url"] = values["public_url"] or _local_url(values["host"], values["port"])
        return cls(**values)

    @property
    def has_beacon(self) -> bool:
        """Whether pools may have a beacon here."""
        return bool(self.beacon_relays)

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name not in SECRET_FIELDS]

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"


def _with_key_file(environ: Mapping[str, str]) -> tuple[Mapping[str, str], list[str]]:
    """The environment with the keys that stand in a file, and what is wrong with that file."""
    path = environ.get(KEYS_FILE, "").strip()
    if not path:
        return environ, []
    if environ.get(KEYS, "").strip():
        return environ, [f"{KEYS_FILE} is there beside {KEYS}: give one of them."]
    try:
        return {**environ, KEYS: _private_text(Path(path))}, []
    except (OSError, ValueError) as error:
        says = error if isinstance(error, ValueError) else "names a file that cannot be read"
        return environ, [f"{KEYS_FILE} {says}."]


def _private_text(path: Path) -> str:
    """Entries of a file, one a line or separated by commas; of a file that is kept from others."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & OTHERS_MODE:
            raise ValueError("names a file that anybody may use: chmod 600")
        content = file.read(KEYS_FILE_BYTES + 1)
    if len(content) > KEYS_FILE_BYTES:
        raise ValueError(f"names a file of more than {KEYS_FILE_BYTES} bytes")
    return ",".join(content.decode("ascii", "replace").replace(",", " ").split())


def read_database_url(environ: Mapping[str, str]) -> str:
    """The address of PostgreSQL itself, for a command that needs nothing else; SettingsError without one."""
    values, complaints = _read(environ, {key: VARIABLES[key] for key in ("database_url", "database_pooler")})
    if not complaints and values["database_pooler"]:
        complaints.append(f"{PREFIX}DATABASE_POOLER must be no: this needs a session of PostgreSQL itself.")
    if complaints:
        raise SettingsError(complaints)
    return str(values["database_url"])


class Variable(msgspec.Struct, frozen=True):
    """How a field is read. The default is written as it would be in the environment; None: it has none."""

    meaning: str
    read: Callable[[str], Any]
    default: str | None = None


def _read(environ: Mapping[str, str], variables: Mapping[str, Variable]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    complaints: list[str] = []
    for field, variable in variables.items():
        name = PREFIX + field.upper()
        text = environ.get(name, "").strip() or variable.default
        if text is None:
            complaints.append(f"{name} is missing: {variable.meaning}.")
            continue
        try:
            values[field] = variable.read(text)
        except ValueError as error:
            complaints.append(f"{name} {error}.")
    return values, complaints


def _url(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        # urlsplit's own errors quote what they read, and an address may carry a password.
        try:
            scheme = urlsplit(text).scheme
        except ValueError:
            scheme = ""
        if scheme not in schemes:
            raise ValueError(f"must be a URL that starts with {' or '.join(f'{s}://' for s in schemes)}")
        return text.rstrip("/")

    return read


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return text.lower()

    return read


def _token(text: str) -> str:
    if len(text) < LEDGER_TOKEN_CHARACTERS or not text.isascii() or not text.isprintable():
        raise ValueError(f"must have at least {LEDGER_TOKEN_CHARACTERS} printable ASCII characters")
    return text


def _secret_keys(text: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for position, entry in enumerate(text.split(","), start=1):
        key_id, _, encoded = entry.strip().partition(":")
        if not KEY_ID.fullmatch(key_id) or not encoded:
            raise ValueError(f"must be id:base64,id:base64 …; entry {position} is not")
        if key_id in keys:
            raise ValueError(f"has two keys of the same id; entry {position} is the second")
        keys[key_id] = _secret_key(encoded, position)
    return keys


def _secret_key(encoded: str, position: int) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"has an entry that is not base64: number {position}") from None
    if len(key) != SECRET_KEY_BYTES:
        raise ValueError(f"has a key that is not {SECRET_KEY_BYTES} bytes long: number {position}")
    return key


def _relays(text: str) -> tuple[str, ...]:
    relays = tuple(_url("https", "http")(part.strip()) for part in text.split(",") if part.strip())
    if relays and len({urlsplit(relay).netloc.lower() for relay in relays}) < BEACON_RELAYS:
        raise ValueError(f"must name at least {BEACON_RELAYS} different relays, separated by commas, or none")
    return relays


def _witnesses(text: str) -> tuple[WitnessAt, ...]:
    witnesses = tuple(map(_witness, filter(None, (part.strip() for part in text.split(",")))))
    if len({each.witness.name for each in witnesses}) < len(witnesses):
        raise ValueError("must name each witness once")
    return witnesses


def _witness(text: str) -> WitnessAt:
    vkey, _, url = text.partition(" ")
    try:
        return WitnessAt(Witness.parse(vkey), _url("https", "http")(url.strip()).rstrip("/"))
    except ValueError as error:
        raise ValueError(f"must be keys and addresses such as `name+id+key https://…`: {error}") from None


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be networks such as 10.0.0.0/8, separated by commas") from None


def _yes_or_no(text: str) -> bool:
    return _one_of("yes", "no")(text) == "yes"


def _text_or_none(text: str) -> str | None:
    return text or None


def _optional_url(text: str) -> str:
    return _url("http", "https")(text) if text else ""


def _local_url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


VARIABLES: dict[str, Variable] = {
    "database_url": Variable("the address of PostgreSQL", _url("postgresql", "postgres")),
    "redis_url": Variable("the address of Redis", _url("redis", "rediss", "unix")),
    "ledger_url": Variable("the address of the core ledger", _url(*LEDGER_SCHEMES)),
    "ledger_token": Variable("the token that the core ledger knows us by", _token),
    "secret_keys": Variable("the keys that seal pool secrets and log keys, id:base64,…", _secret_keys),
    "host": Variable("the address to listen on", str, "127.0.0.1"),
    "port": Variable("the port to listen on", _whole_number(1, 65_535), "8000"),
    "workers": Variable("how many processes serve", _whole_number(1, 64), "1"),
    "public_url": Variable("where clients reach the service", _optional_url, ""),
    "database_connections": Variable("database connections of a process", _whole_number(2, 200), "8"),
    "database_pooler": Variable("whether PgBouncer stands before it", _yes_or_no, "no"),
    "request_deadline_ms": Variable(
        "how long a play waits for its answer", _whole_number(100, 60_000), "3000"
    ),
    "operation_ttl_ms": Variable("how long a debit may be applied", _whole_number(1_000, 3_600_000), "60000"),
    "clock_skew_seconds": Variable(
        "how far the clock may be from the database's", _whole_number(1, 999_999_999), "2"
    ),
    "token_audience": Variable("the audience that tokens must name", str, TOKEN_AUDIENCE),
    "beacon_relays": Variable("relays of the randomness beacon, separated by commas", _relays, ""),
    "witnesses": Variable("witnesses of the logs, `key address`, separated by commas", _witnesses, ""),
    "requests_per_player": Variable("requests a second of one player", _whole_number(1, 1_000_000), "20"),
    "requests_per_address": Variable("requests a second of one address", _whole_number(1, 1_000_000), "500"),
    "events_per_source": Variable(
        "events a second of one webhook source", _whole_number(1, 1_000_000), "500"
    ),
    "webhooks_to_loopback": Variable("whether webhooks may go to http://127.0.0.1", _yes_or_no, "no"),
    "trusted_proxies": Variable(
        "networks whose X-Forwarded-For is believed, separated by commas", _networks, ""
    ),
    "log_level": Variable("the least important events to log", _one_of(*LOG_LEVELS), "info"),
    "metrics_directory": Variable("where workers put their metrics together", _text_or_none, ""),
}
