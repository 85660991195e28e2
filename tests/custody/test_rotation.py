"""Whatever is sealed comes under another key, while the service runs and wherever the rotation is killed."""

import asyncio
import base64
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar

from game.campaigns.closing import close_pools
from game.custody.rotation import rotate
from game.custody.sealed import SEALED
from game.resources import Resources
from game.vault import Vault
from tests.plays.test_vault import sealed_directly
from tests.support.app import client_of
from tests.support.auditing import rows_of
from tests.support.pools import wheel
from tests.support.stage import DAY_MS, Stage
from tests.support.tokens import Issuer

ROOT = Path(__file__).parents[2]
OLD_KEY, NEW_KEY = bytes(32), bytes(range(32))
KEYS = f"new:{base64.b64encode(NEW_KEY).decode()}\ntest:{base64.b64encode(OLD_KEY).decode()}\n"
NEW = Vault({"new": NEW_KEY})
_BYTES = """
SELECT table_name || '.' || column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type = 'bytea' AND column_name LIKE '%sealed%'
ORDER BY 1
"""


async def values(resources: Resources) -> dict[str, list[tuple[Any, bytes]]]:
    """All sealed values by their column, each with its row."""
    found = {}
    for column in SEALED:
        rows = await resources.pool.fetch(
            f"SELECT *, {column.column} AS value FROM {column.table} WHERE {column.column} IS NOT NULL"
        )
        found[str(column)] = [(column.purpose(dict(row)), row["value"]) for row in rows]
    return found


async def rotated(database_url: str, folder: Path, *command: str) -> tuple[int | None, str]:
    """How a process of its own ended that rotates, with both keys in a file, and what it said."""
    file = folder / "keys"
    file.touch(mode=0o600)
    file.write_text(KEYS)
    environment = {
        "PLAYFAIR_DATABASE_URL": database_url,
        "PLAYFAIR_REDIS_URL": "redis://127.0.0.1:1",
        "PLAYFAIR_LEDGER_URL": "http://127.0.0.1:1",
        "PLAYFAIR_LEDGER_TOKEN": "not-a-secret-in-tests",
        "PLAYFAIR_SECRET_KEYS_FILE": str(file),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'services'}",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", *command, cwd=ROOT, env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.asyncio
async def test_rotation_knows_every_sealed_column(stage: Stage) -> None:
    """Whoever adds a column of sealed values adds it to the list, or this fails."""
    columns = [row[0] for row in await stage.resources.pool.fetch(_BYTES)]
    assert columns == sorted(map(str, SEALED))


@pytest.mark.asyncio
async def test_the_old_key_can_be_removed(
    stage: Stage, app: Litestar, places: dict[str, str], issuer: Issuer, database_url: str, tmp_path: Path
) -> None:
    """A rotation that is killed again and again beside the service ends, and all opens under the new key."""
    async with client_of(app) as client:
        path = f"/v1/manage/webhook-endpoints/{places['endpoint_id']}/rotate"
        answer = await client.post(path, headers=issuer.headers("mia", "manager"))
        assert answer.status_code == 200
    before = await values(stage.resources)
    assert all(before.values())
    statements = 11
    endings: list[int | None] = []
    while not endings or endings[-1] == -signal.SIGKILL:
        code, said = await rotated(database_url, tmp_path, "tests.custody.doomed", str(statements))
        endings.append(code)
        statements += 4
        for column in (await values(stage.resources)).values():
            for purpose, value in column:
                Vault({**NEW.keys, "test": OLD_KEY}).open(value, purpose=purpose)
    assert (endings[0], endings[-1]) == (-signal.SIGKILL, 0)
    assert said.splitlines()[-1] == "All is under the first key."
    after = await values(stage.resources)
    for name, column in before.items():
        old = [stage.resources.vault.open(value, purpose=purpose) for purpose, value in column]
        assert [NEW.open(value, purpose=purpose) for purpose, value in after[name]] == old


@pytest.mark.asyncio
async def test_what_cannot_be_turned_is_told(stage: Stage, database_url: str, tmp_path: Path) -> None:
    """A value whose key is gone is named by its row, and the rest is turned."""
    lost, kept = await stage.launch(wheel()), await stage.launch(wheel())
    await stage.resources.pool.execute(
        "UPDATE pool SET secret_sealed = overlay(secret_sealed PLACING 'gone'::bytea FROM 3)"
        " WHERE campaign_id = $1",
        lost,
    )
    code, said = await rotated(database_url, tmp_path, "game", "rotate-keys")
    assert code == 1
    assert f"  {lost} wheel: its key is not here, or it was changed" in said.splitlines()
    assert said.splitlines()[-1] == "Some values are left: see above."
    query = f"SELECT secret_sealed FROM pool WHERE campaign_id = '{kept}'"
    assert (await rows_of(stage.resources, query))[0]["secret_sealed"].startswith(NEW.prefix)


@pytest.mark.asyncio
async def test_a_service_goes_on_with_the_new_key_alone(backstage: Stage) -> None:
    """A pool that was published under the old key, before there were data keys, closes under the new one."""
    campaign_id = await backstage.launch(wheel())
    resources, purpose = backstage.resources, f"pool:{campaign_id}:wheel"
    sealed = await resources.pool.fetchval("SELECT secret_sealed FROM pool")
    direct = sealed_directly(resources.vault.open(sealed, purpose=purpose), purpose=purpose)
    await resources.pool.execute("UPDATE pool SET secret_sealed = $1", direct)
    both = Vault({"new": NEW_KEY, "test": OLD_KEY, "k1": bytes(range(32))})
    turned = {each.column: each.turned async for each in rotate(replace(resources, vault=both))}
    assert (turned["pool.secret_sealed"], turned["log.key_sealed"]) == (1, 1)
    assert [each.turned async for each in rotate(replace(resources, vault=both))] == [0] * len(SEALED)
    backstage.clock.advance(10 * DAY_MS)
    assert await close_pools(replace(resources, vault=NEW)) == 1
