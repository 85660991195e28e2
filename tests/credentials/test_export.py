"""Badges as credentials: what is in them, who verifies them, and that they stay the same."""

import asyncio
import hashlib
from typing import Any

import jwt
import pytest
from cryptography.exceptions import InvalidTag

from game.vault import Vault
from tests.credentials.verifier import verified
from tests.credentials.wallet import ISSUER, Wallet

pytestmark = pytest.mark.asyncio


async def opened(wallet: Wallet, token: str) -> dict[str, Any]:
    """What a verifier finds in a credential."""
    issuer = (await wallet.manage("GET")).json()["id"]
    return await verified(token, wallet.office.client, issuer=issuer)


async def test_a_stranger_verifies_a_badge(wallet: Wallet) -> None:
    """With nothing but the credential, the issuer's address and what is published there."""
    award = await wallet.awarded()
    found = await opened(wallet, await wallet.exported(award))
    achievement = found["credentialSubject"]["achievement"]
    assert (found["issuer"]["name"], found["issuer"]["email"]) == ("Acme Tea", "badges@acme.example")
    assert (found["id"], achievement["name"]) == (f"urn:uuid:{award}", "Wheel")
    published = (await wallet.office.client.get(achievement["id"])).json()
    assert published.pop("@context")[0] == "https://www.w3.org/ns/credentials/v2"
    assert published == achievement
    profile = (await wallet.office.client.get(found["issuer"]["id"])).json()
    assert profile.pop("@context") == found["@context"]
    assert profile == found["issuer"]


async def test_nobody_is_named(wallet: Wallet) -> None:
    """The subject is another one in each credential, and nothing of the player is in it."""
    tokens = [await wallet.exported(await wallet.awarded(badge=badge)) for badge in ("ox", "rat")]
    found = [await opened(wallet, token) for token in tokens]
    subjects = {each["credentialSubject"]["id"] for each in found}
    assert len(subjects) == 2
    assert all("ann" not in str(each) and "identifier" not in each["credentialSubject"] for each in found)


async def test_a_holder_is_known_by_an_address(wallet: Wallet) -> None:
    """Whoever knows it finds the salted hash; it is stored nowhere."""
    token = await wallet.exported(await wallet.awarded(), email="ann@example.com")
    [identity] = (await opened(wallet, token))["credentialSubject"]["identifier"]
    digest = hashlib.sha256(f"ann@example.com{identity['salt']}".encode()).hexdigest()
    assert identity["identityHash"] == f"sha256${digest}"
    assert (identity["hashed"], identity["identityType"]) == (True, "emailAddress")
    rows = await wallet.office.resources.pool.fetch("SELECT * FROM badge_credential")
    assert all(digest not in str(row) and "example.com" not in str(row) for row in rows)


async def test_both_languages(wallet: Wallet) -> None:
    """Each has a document of its own, which names the other."""
    award = await wallet.awarded()
    for language, other, name in (("en", "zh-CN", "Wheel"), ("zh-CN", "en", "转盘")):
        found = await opened(wallet, await wallet.exported(award, language=language))
        achievement = found["credentialSubject"]["achievement"]
        assert (achievement["inLanguage"], achievement["name"], found["name"]) == (language, name, name)
        [related] = achievement["related"]
        assert related["inLanguage"] == other
        assert (await wallet.office.client.get(related["id"])).json()["inLanguage"] == other


async def test_the_same_bytes_for_ever(wallet: Wallet) -> None:
    """Also after the issuer has another name and other keys: what was signed first is signed again."""
    award = await wallet.awarded()
    first = await wallet.exported(award)
    assert (await wallet.issue(name="Acme Coffee"))["version"] == 2
    assert (await wallet.manage("POST", "/rotate")).json()["version"] == 3
    assert await wallet.exported(award) == first
    assert (await opened(wallet, first))["issuer"]["name"] == "Acme Tea"
    later = await wallet.exported(await wallet.awarded())
    assert (await opened(wallet, later))["issuer"]["name"] == "Acme Coffee"
    kids = [jwt.get_unverified_header(token)["kid"].rsplit("/", 1)[1] for token in (first, later)]
    assert kids == ["1", "3"]


async def test_many_ask_at_once(wallet: Wallet) -> None:
    """An award has one place in the lists, and one credential."""
    award = await wallet.awarded()
    tokens = await asyncio.gather(*(wallet.exported(award) for _ in range(5)))
    assert len(set(tokens)) == 1


async def test_the_same_issuer_is_no_new_version(wallet: Wallet) -> None:
    """So a manager's retry makes no key."""
    assert [(await wallet.issue())["version"] for _ in range(2)] == [1, 1]


async def test_a_key_is_sealed_in_its_row(wallet: Wallet) -> None:
    """Neither its bytes nor those of another brand's row open it."""
    sealed = await wallet.office.resources.pool.fetchval("SELECT key_sealed FROM badge_issuer")
    vault: Vault = wallet.office.resources.vault
    assert vault.open(sealed, purpose="badge issuer acme 1")
    with pytest.raises(InvalidTag):
        vault.open(sealed, purpose="badge issuer bolt 1")


async def test_before_anybody_issues(wallet: Wallet) -> None:
    """A player is told so, and the public finds nothing."""
    award = await wallet.awarded()
    await wallet.office.resources.pool.execute("DELETE FROM badge_issuer")
    refused = await wallet.ask(award)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_badge_issuer")
    assert (await wallet.office.client.get("/v1/open-badges/acme/issuer")).status_code == 404


async def test_awards_of_a_player(wallet: Wallet) -> None:
    """Newest first, with what they were for, and whether each can be exported."""
    award = await wallet.awarded()
    [mine] = await wallet.awards()
    assert (mine["id"], mine["badge"], mine["state"], mine["refused"]) == (award, "ox", "held", None)
    assert mine["source"].startswith("task:test:")
    assert await wallet.awards("bob") == []


async def test_awards_that_have_not_changed_are_not_sent(wallet: Wallet) -> None:
    """An app may ask as often as it likes; it hears of the next award."""
    client, path = wallet.office.client, f"{wallet.path}/awards"
    headers = wallet.office.issuer.headers("ann")
    await wallet.awarded()
    tag = (await client.get(path, headers=headers)).headers["etag"]
    same = await client.get(path, headers=headers | {"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    await wallet.awarded(badge="rat")
    assert (await client.get(path, headers=headers | {"If-None-Match": tag})).status_code == 200


async def test_an_issuer_that_breaks_a_rule(wallet: Wallet) -> None:
    """Addresses are https, and texts have no control characters."""
    for change in ({"url": "http://acme.example"}, {"email": "nobody"}, {"name": "a\nb"}, {"logo": "x"}):
        refused = await wallet.manage("PUT", body=ISSUER | change)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_body")
