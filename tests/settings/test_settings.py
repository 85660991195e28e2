"""The environment becomes settings, or a list of everything that is wrong with it."""

import base64
from pathlib import Path

import pytest

from game.settings import Settings, SettingsError, read_database_url
from ledger_client.adapters import SCHEMES

OLD_KEY, NEW_KEY = bytes(range(32)), bytes(range(32, 64))
COMPLETE = {
    "PLAYFAIR_DATABASE_URL": "postgresql://game:hunter2@db.internal/game",
    "PLAYFAIR_REDIS_URL": "rediss://:hunter3@redis.internal:6379/0",
    "PLAYFAIR_LEDGER_URL": "https://ledger.internal/",
    "PLAYFAIR_LEDGER_TOKEN": "a-token-of-the-ledger",
    "PLAYFAIR_SECRET_KEYS": f"b:{base64.b64encode(NEW_KEY).decode()}, a:{base64.b64encode(OLD_KEY).decode()}",
}


def complaints(**changes: str | None) -> tuple[str, ...]:
    """What is said of a complete environment with changes; None takes a variable away."""
    changed = COMPLETE | {f"PLAYFAIR_{name}": value for name, value in changes.items()}
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({name: value for name, value in changed.items() if value is not None})
    return caught.value.complaints


def test_required_variables_suffice() -> None:
    """With addresses and secrets alone, the rest has its documented default."""
    settings = Settings.from_environment(COMPLETE)
    assert settings.ledger_url == "https://ledger.internal"
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert (settings.request_deadline_ms, settings.operation_ttl_ms) == (3_000, 60_000)
    assert settings.beacon_relays == ()
    assert settings.metrics_directory is None


@pytest.mark.parametrize("scheme", SCHEMES)
def test_ledgers_are_reached_through_any_adapter(scheme: str) -> None:
    """The scheme of the ledger's address names the adapter; its path and query are kept."""
    address = f"{scheme}://ledger.internal/v2/points?asset=PTS"
    assert Settings.from_environment(COMPLETE | {"PLAYFAIR_LEDGER_URL": address}).ledger_url == address


def test_first_key_comes_first() -> None:
    """The order of the secret keys is kept, since the first one seals."""
    keys = Settings.from_environment(COMPLETE).secret_keys
    assert list(keys.items()) == [("b", NEW_KEY), ("a", OLD_KEY)]


def in_a_file(folder: Path, content: str, *, mode: int = 0o600) -> dict[str, str]:
    """A complete environment whose keys stand in a file."""
    path = folder / "keys"
    path.write_text(content)
    path.chmod(mode)
    rest = {name: value for name, value in COMPLETE.items() if name != "PLAYFAIR_SECRET_KEYS"}
    return rest | {"PLAYFAIR_SECRET_KEYS_FILE": str(path)}


@pytest.mark.parametrize("separator", [",", "\n", ",\n"])
def test_keys_are_read_from_a_file(tmp_path: Path, separator: str) -> None:
    """One a line, or as in the variable; the first one seals. The service's group may read it."""
    content = separator.join(COMPLETE["PLAYFAIR_SECRET_KEYS"].split(", "))
    for mode in (0o400, 0o600, 0o640):
        settings = Settings.from_environment(in_a_file(tmp_path, content + "\n", mode=mode))
        assert list(settings.secret_keys.items()) == [("b", NEW_KEY), ("a", OLD_KEY)]


@pytest.mark.parametrize(
    ("content", "mode", "rule"),
    [
        ("a:AAAA", 0o644, "PLAYFAIR_SECRET_KEYS_FILE names a file that anybody may use: chmod 600"),
        ("a:AAAA", 0o620, "PLAYFAIR_SECRET_KEYS_FILE names a file that anybody may use: chmod 600"),
        ("a:AAAA", 0o600, "PLAYFAIR_SECRET_KEYS has a key that is not 32 bytes long: number 1"),
        ("hunter2" * 10_000, 0o600, "PLAYFAIR_SECRET_KEYS_FILE names a file of more than 65536 bytes"),
        ("", 0o600, "PLAYFAIR_SECRET_KEYS is missing"),
    ],
)
def test_a_bad_file_of_keys_is_refused(tmp_path: Path, content: str, mode: int, rule: str) -> None:
    """By its rule, whatever else is wrong, and without what stands in it."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(in_a_file(tmp_path, content, mode=mode) | {"PLAYFAIR_PORT": "http"})
    assert len(caught.value.complaints) == 2
    assert rule in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_keys_stand_in_one_place(tmp_path: Path) -> None:
    """A file beside the variable, or one that is not there, is a mistake that nobody should guess about."""
    both = COMPLETE | in_a_file(tmp_path, "a:AAAA")
    with pytest.raises(SettingsError, match="is there beside PLAYFAIR_SECRET_KEYS: give one of them"):
        Settings.from_environment(both)
    (tmp_path / "keys").unlink()
    absent = {name: value for name, value in both.items() if name != "PLAYFAIR_SECRET_KEYS"}
    with pytest.raises(SettingsError, match="names a file that cannot be read"):
        Settings.from_environment(absent)


def test_every_missing_variable_is_named() -> None:
    """An empty environment is told about all it lacks, and about nothing that has a default."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"PLAYFAIR_LEDGER_TOKEN": "   "})
    assert [line.split()[0] for line in caught.value.complaints] == list(COMPLETE)
    assert str(caught.value).splitlines() == list(caught.value.complaints)


def test_missing_and_malformed_are_told_together() -> None:
    """One run shows all there is to mend."""
    found = complaints(PORT="http", REDIS_URL=None, LOG_LEVEL="loud", WORKERS="0")
    assert [line.split()[0] for line in found] == [
        "PLAYFAIR_REDIS_URL",
        "PLAYFAIR_PORT",
        "PLAYFAIR_WORKERS",
        "PLAYFAIR_LOG_LEVEL",
    ]


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("DATABASE_URL", "mysql://db/game", "must be a URL that starts with postgresql:// or postgres://"),
        ("DATABASE_URL", "postgresql://[bad", "must be a URL that starts with postgresql:// or postgres://"),
        ("LEDGER_URL", "ledger.internal", "must be a URL that starts with http:// or https://"),
        ("LEDGER_TOKEN", "short", "must have at least 16 printable ASCII characters"),
        ("SECRET_KEYS", "no-colon", "must be id:base64,id:base64 …; entry 1 is not"),
        ("SECRET_KEYS", "a:b:c", "has an entry that is not base64: number 1"),
        ("SECRET_KEYS", "a:AAAA", "has a key that is not 32 bytes long: number 1"),
        ("SECRET_KEYS", f"a:{'A' * 43}=,a:{'A' * 43}=", "two keys of the same id; entry 2 is the second"),
        ("PORT", "65536", "must be a whole number from 1 to 65535"),
        ("PORT", "８０００", "must be a whole number from 1 to 65535"),
        ("REQUEST_DEADLINE_MS", "1e3", "must be a whole number from 100 to 60000"),
        ("BEACON_RELAYS", "https://one.example", "must name at least 2 different relays"),
        (
            "BEACON_RELAYS",
            "https://one.example,https://one.example/",
            "must name at least 2 different relays",
        ),
        ("BEACON_RELAYS", "https://one.example,two.example", "must be a URL that starts with https://"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "must be networks such as 10.0.0.0/8, separated by commas"),
        ("REQUESTS_PER_PLAYER", "0", "must be a whole number from 1 to 1000000"),
        ("LOG_LEVEL", "loud", "must be one of debug, info, warning, error"),
        ("PUBLIC_URL", "playfair.example", "must be a URL that starts with http:// or https://"),
    ],
)
def test_malformed_value_is_told_by_its_rule(name: str, value: str, rule: str) -> None:
    """The text says which variable, and what it should be."""
    (line,) = complaints(**{name: value})
    assert line.startswith(f"PLAYFAIR_{name} ")
    assert rule in line


@pytest.mark.parametrize("name", list(COMPLETE))
def test_errors_never_show_a_value(name: str) -> None:
    """A value that is malformed may still be most of a secret."""
    secret = "hunter2:hunter2\x00hunter2"
    (line,) = complaints(**{name.removeprefix("PLAYFAIR_"): secret})
    assert "hunter2" not in line


def test_repr_shows_no_secret() -> None:
    """Neither passwords, tokens nor keys stand in a repr; what is public does."""
    shown = repr(Settings.from_environment(COMPLETE))
    assert "port=8000" in shown
    for secret in ("hunter2", "hunter3", "a-token-of-the-ledger", "secret_keys", repr(NEW_KEY)):
        assert secret not in shown


def test_two_relays_are_enough() -> None:
    """Relays are read in order."""
    environ = COMPLETE | {"PLAYFAIR_BEACON_RELAYS": "https://one.example/, https://two.example"}
    assert Settings.from_environment(environ).beacon_relays == ("https://one.example", "https://two.example")


@pytest.mark.parametrize("second", ["https://one.example/x", "https://ONE.example", "https://one.example"])
def test_one_relay_twice_is_not_two(second: str) -> None:
    """However it is spelled: two that agree must be two."""
    environ = COMPLETE | {"PLAYFAIR_BEACON_RELAYS": f"https://one.example/,{second}"}
    with pytest.raises(SettingsError, match="2 different relays"):
        Settings.from_environment(environ)


def test_database_address_can_be_read_alone() -> None:
    """A migration needs no other secret."""
    name = "PLAYFAIR_DATABASE_URL"
    assert read_database_url({name: COMPLETE[name]}) == COMPLETE[name]
    with pytest.raises(SettingsError, match=f"{name} is missing"):
        read_database_url({})


def test_a_migration_has_a_session_of_its_own() -> None:
    """Behind a pooler its lock and limits would be left in a session that others get next."""
    with pytest.raises(SettingsError, match="PLAYFAIR_DATABASE_POOLER must be no"):
        read_database_url(COMPLETE | {"PLAYFAIR_DATABASE_POOLER": "yes"})
