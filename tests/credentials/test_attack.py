"""What somebody would try: others' badges, keys of their own, markup in names, what lies under a ticket."""

import base64

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tests.badges.album import BADGE, Album
from tests.campaigns.office import Office
from tests.credentials.test_export import opened
from tests.credentials.verifier import NotVerifiedError
from tests.credentials.wallet import Wallet

pytestmark = pytest.mark.asyncio
SCRIPT = "<script>alert(1)</script>"


async def test_another_players_badge(wallet: Wallet) -> None:
    """It is as if it were not there, like one that is not; nothing is noted of it."""
    award = await wallet.awarded()
    for asked in (award, "00000000-0000-7000-8000-000000000000"):
        refused = await wallet.ask(asked, subject="bob")
        assert (refused.status_code, refused.json()["code"]) == (404, "award_not_found")
    assert await wallet.office.resources.pool.fetchval("SELECT count(*) FROM badge_credential") == 0


async def test_a_key_of_ones_own(wallet: Wallet) -> None:
    """A credential that is signed anew by another key, or says that it needs none, does not verify."""
    token = await wallet.exported(await wallet.awarded())
    header, document = jwt.get_unverified_header(token), await opened(wallet, token)
    forged = generate_private_key(public_exponent=65_537, key_size=2_048)
    named = {"kid": header["kid"]}
    tokens = [
        jwt.encode(document, forged, algorithm="RS256", headers=named),
        jwt.encode(document, "secret" * 8, algorithm="HS256", headers=named),
        jwt.encode(document, "", algorithm="none", headers=named),
    ]
    for each in tokens:
        with pytest.raises(NotVerifiedError):
            await opened(wallet, each)


async def test_a_changed_credential(wallet: Wallet) -> None:
    """Whatever is changed of the document, the signature does not hold."""
    token = await wallet.exported(await wallet.awarded())
    head, body, signature = token.split(".")
    document = msgspec.json.decode(base64.urlsafe_b64decode(body + "=="))
    document["credentialSubject"]["achievement"]["name"] = "Emperor"
    other = base64.urlsafe_b64encode(msgspec.json.encode(document)).rstrip(b"=").decode()
    with pytest.raises(NotVerifiedError):
        await opened(wallet, f"{head}.{other}.{signature}")


async def test_no_private_key_is_published(wallet: Wallet) -> None:
    """The key has its public numbers alone."""
    key = (await wallet.office.client.get("/v1/open-badges/acme/keys/1")).json()
    assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}
    for version in ("2", "0", "101", "x"):
        answer = await wallet.office.client.get(f"/v1/open-badges/acme/keys/{version}")
        assert answer.status_code in (404, 422), version


async def test_markup_stays_text(office: Office) -> None:
    """Names are data; what displays read as Markdown has no markup left."""
    album = await Album.drafted(office)
    text = {"zh": SCRIPT, "en": SCRIPT}
    await album.write("badges/ox", BADGE | {"name": text, "description": text, "criteria": text})
    await office.resources.pool.execute("UPDATE campaign SET state = 'live', launched_ms = 1")
    path = f"/v1/open-badges/acme/achievements/{album.campaign_id}/ox/en"
    answer = await office.client.get(path)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["criteria"]["narrative"] == "&lt;script&gt;alert(1)&lt;/script&gt;"


async def test_a_draft_is_not_published(office: Office) -> None:
    """Nobody sees its badges before the launch, and no token of another brand sees them after it."""
    album = await Album.drafted(office)
    path = f"/v1/open-badges/acme/achievements/{album.campaign_id}/ox/en"
    assert (await office.client.get(path)).status_code == 404
    await office.resources.pool.execute("UPDATE campaign SET state = 'live', launched_ms = 1")
    assert (await office.client.get(path)).status_code == 200
    assert (await office.client.get(path.replace("acme", "bolt"))).status_code == 404
