"""The sandbox as a process of its own, its settings and its published contract."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import pytest

from sandbox_ledger import openapi, settings

PROJECT = Path(__file__).parents[2]
GIVEN = {"SANDBOX_LEDGER_DATABASE_URL": "postgresql://x", "SANDBOX_LEDGER_TOKEN": "secret"}


def test_the_published_contract_is_current() -> None:
    """`python -m sandbox_ledger openapi > openapi/ledger.json` was run after the last change."""
    assert (PROJECT / "openapi" / "ledger.json").read_bytes() == openapi.document()


def test_settings_have_defaults_for_what_is_no_secret() -> None:
    """Loopback, a port, and no faults."""
    assert settings.read(GIVEN) == settings.Settings(
        "postgresql://x", "secret", "127.0.0.1", 8085, faults=False, points_ttl_days=365
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", ""),
        ("TOKEN", ""),
        ("TOKEN", "  "),
        ("TOKEN", "geheim\n"),
        ("TOKEN", "ключ"),
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("POINTS_TTL_DAYS", "never"),
        ("POINTS_TTL_DAYS", "-5"),
        ("POINTS_TTL_DAYS", "36501"),
    ],
)
def test_a_bad_setting_is_named_and_not_shown(variable: str, value: str) -> None:
    """The message tells which variable, never what it holds."""
    with pytest.raises(settings.SettingsError, match=f"SANDBOX_LEDGER_{variable} must be") as caught:
        settings.read(GIVEN | {f"SANDBOX_LEDGER_{variable}": value})
    assert not value.strip() or value.strip() not in str(caught.value)


@pytest.mark.asyncio
async def test_a_missing_secret_stops_it() -> None:
    """Exit code 2 and one line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox_ledger", env=environment(), stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert said.decode() == "sandbox_ledger: SANDBOX_LEDGER_DATABASE_URL must be set, in printable ASCII.\n"


@pytest.mark.asyncio
async def test_an_unknown_command_stops_it() -> None:
    """Exit code 2 and one line: nobody gets a server for a typing error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox_ledger", "jornal"),
        env=environment(DATABASE_URL="postgresql://x", TOKEN="secret"),
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert (process.returncode, said) == (2, b"sandbox_ledger: no such command: jornal\n")


@pytest.mark.asyncio
async def test_it_runs_and_stops_cleanly(empty_database_url: str) -> None:
    """Started from the environment alone, it serves, has no fault switch, and ends on SIGTERM."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox_ledger",
        env=environment(DATABASE_URL=empty_database_url, TOKEN="secret", PORT=str(port)),
    )
    try:
        async with (
            asyncio.timeout(20),
            aiohttp.ClientSession(
                f"http://127.0.0.1:{port}", headers={"Authorization": "Bearer secret"}
            ) as http,
        ):
            assert await first_status(http) == 200
            async with http.put("/v1/faults", data=b'{"faults":[]}') as response:
                assert response.status == 404
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) in (0, -signal.SIGTERM)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def first_status(http: aiohttp.ClientSession) -> int:
    """The status of its first answer, once it listens."""
    while True:
        try:
            async with http.get("/v1/capabilities") as response:
                return response.status
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.05)


def environment(**variables: str) -> dict[str, str]:
    """Our environment with these settings of the ledger and no others."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_LEDGER_")}
    return others | {f"SANDBOX_LEDGER_{name}": value for name, value in variables.items()}
