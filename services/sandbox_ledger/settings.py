"""Settings from the environment."""

from collections.abc import Mapping
from typing import Final

import msgspec

PREFIX: Final = "SANDBOX_LEDGER_"
POINTS_TTL_DAYS: Final = 365
POINTS_TTL_DAYS_MAX: Final = 36_500


class SettingsError(Exception):
    """A variable that is missing or malformed; the message names it and never shows its value."""


class Settings(msgspec.Struct, frozen=True):
    """What the process needs to run; `faults` enables the switches that make it fail on purpose."""

    database_url: str
    token: str
    host: str
    port: int
    faults: bool
    points_ttl_days: int


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`; the database and the token have no default."""
    return Settings(
        database_url=_required(environment, "DATABASE_URL"),
        token=_required(environment, "TOKEN"),
        host=environment.get(PREFIX + "HOST", "127.0.0.1"),
        port=_port(environment.get(PREFIX + "PORT", "8085")),
        faults=environment.get(PREFIX + "FAULTS") == "1",
        points_ttl_days=_points_ttl_days(environment.get(PREFIX + "POINTS_TTL_DAYS", str(POINTS_TTL_DAYS))),
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(PREFIX + name, "")
    if not value.isascii() or not value.isprintable() or not value.strip():
        raise SettingsError(f"{PREFIX}{name} must be set, in printable ASCII.")
    return value


def _port(value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) < 65_536:
        raise SettingsError(f"{PREFIX}PORT must be a port number from 1 to 65535.")
    return int(value)


def _points_ttl_days(value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) <= POINTS_TTL_DAYS_MAX:
        raise SettingsError(f"{PREFIX}POINTS_TTL_DAYS must be a number from 1 to {POINTS_TTL_DAYS_MAX}.")
    return int(value)
