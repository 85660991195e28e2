"""The auditor's file, which the service serves and the rules of each pool name, checks the live logs."""

import hashlib
import json
from pathlib import Path

import pytest

from game.tour.stage import Place
from tests.single.running import run
from tests.tour.conftest import Told

pytestmark = pytest.mark.asyncio(loop_scope="package")


def _pool_id(place: Place) -> str:
    return place.pool.rsplit("/", 1)[1]


async def _rules(told: Told, place: Place) -> bytes:
    answer = await told.venue.anybody.get(f"/v1/campaigns/{place.campaign_id}/rules/{_pool_id(place)}")
    return answer.text()


async def test_the_rules_name_the_file_that_is_served(told: Told, tmp_path: Path) -> None:
    """By the digest in the rules, which the entry binds, an auditor gets this file; it runs alone."""
    for place in (*told.places, told.fair.place):
        rules = await _rules(told, place)
        digest = json.loads(rules)["verifier_sha256"]
        source = (await told.venue.anybody.get(f"/v1/verifiers/{digest}/verify.py")).text()
        assert hashlib.sha256(source).hexdigest() == digest
        log = f"/v1/campaigns/{place.campaign_id}/log"
        key, file = tmp_path / "key", tmp_path / "verify.py"
        key.write_bytes((await told.venue.anybody.get(f"{log}/vkey")).text())
        file.write_bytes(source)
        said = await run("--url", told.venue.resources.settings.public_url + log, "--key", key, file=file)
        assert (said.status, said.out.startswith("OK ")) == (0, True), said
        assert f"pool {_pool_id(place)}: " in said.out


async def test_the_newest_file(told: Told) -> None:
    """It is the one that the rules of new pools name."""
    source = (await told.venue.anybody.get("/v1/verify.py")).text()
    digest = json.loads(await _rules(told, told.places[0]))["verifier_sha256"]
    assert hashlib.sha256(source).hexdigest() == digest


async def test_a_digest_that_no_rules_name(told: Told) -> None:
    """It is not there."""
    answer = await told.venue.anybody.get(f"/v1/verifiers/{'0' * 64}/verify.py")
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "verifier_not_found")


async def test_a_version_from_before(told: Told) -> None:
    """After an upgrade the file that older rules name is still there, from the database."""
    source, pool = b"# an older verifier\n", told.venue.resources.pool
    await pool.execute("INSERT INTO verifier_file VALUES (sha256($1), $1)", source)
    digest = hashlib.sha256(source).hexdigest()
    assert (await told.venue.anybody.get(f"/v1/verifiers/{digest}/verify.py")).text() == source
