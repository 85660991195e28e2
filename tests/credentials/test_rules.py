"""The documents, field by field, and which awards are exported."""

import base64
import gzip
from uuid import UUID

import msgspec
import pytest
import rfc8785

from game.campaigns.rules import Text
from game.credentials.rules import (
    LIST_BITS,
    Addresses,
    Award,
    AwardState,
    Badge,
    Issuer,
    achievement,
    credential,
    encoded,
    profile,
    refusal,
    status_list,
)

AT = Addresses("https://games.example/v1/open-badges/acme")
BARE = Issuer(brand_id="acme", version=2, name="Acme", url="https://acme.example", email=None, image_url=None)
BADGE = Badge(
    campaign_id="campaign0001",
    badge_id="ox",
    name=Text(zh="牛", en="Ox"),
    description=Text(zh="一头牛", en="An ox"),
    criteria=Text(zh="分享", en="Share & <b>care</b>"),
    image_url=None,
)
AWARD = Award(
    award_id=UUID(int=7), badge=BADGE, source="task:share:1", state="held", awarded_ms=1_790_000_000_999
)


def test_a_profile() -> None:
    """What is not there is not said."""
    assert profile(BARE, AT) == {
        "id": f"{AT.base}/issuer",
        "type": ["Profile"],
        "name": "Acme",
        "url": "https://acme.example",
    }
    full = msgspec.structs.replace(BARE, email="a@b.c", image_url="https://a.example/i.png")
    assert profile(full, AT) == profile(BARE, AT) | {
        "email": "a@b.c",
        "image": {"id": "https://a.example/i.png", "type": "Image"},
    }


def test_an_achievement() -> None:
    """In one language, without markup, with a picture where there is one."""
    pictured = msgspec.structs.replace(BADGE, image_url="https://a.example/ox.png")
    assert achievement(pictured, "en", AT) == {
        "id": f"{AT.base}/achievements/campaign0001/ox/en",
        "type": ["Achievement"],
        "inLanguage": "en",
        "name": "Ox",
        "description": "An ox",
        "criteria": {"narrative": "Share &amp; &lt;b&gt;care&lt;/b&gt;"},
        "image": {"id": "https://a.example/ox.png", "type": "Image"},
        "related": [
            {
                "id": f"{AT.base}/achievements/campaign0001/ox/zh-CN",
                "type": ["Related"],
                "inLanguage": "zh-CN",
            }
        ],
    }
    assert achievement(BADGE, "zh-CN", AT)["name"] == "牛"


def test_addresses() -> None:
    """A key of another version is somewhere else."""
    assert (AT.key(1), AT.key(2)) == (f"{AT.base}/keys/1", f"{AT.base}/keys/2")


def test_a_credential() -> None:
    """Claims say what the document says, in whole seconds; places in lists go on in the next list."""
    made = credential(AWARD, BARE, AT, index=LIST_BITS + 3, language="en", email=None)
    assert (made["iss"], made["jti"]) == (f"{AT.base}/issuer", f"urn:uuid:{UUID(int=7)}")
    assert (made["validFrom"], made["nbf"]) == ("2026-09-21T14:13:20Z", 1_790_000_000)
    assert made["sub"] == made["credentialSubject"]["id"]
    assert made["credentialStatus"]["id"] == f"{AT.base}/status/1#3"
    assert "identifier" not in made["credentialSubject"]
    again = credential(AWARD, BARE, AT, index=LIST_BITS + 3, language="en", email=None)
    assert encoded(again) == encoded(made) == rfc8785.dumps(made)
    named = credential(AWARD, BARE, AT, index=0, language="en", email="ann@example.com")
    [identity] = named["credentialSubject"]["identifier"]
    assert identity["salt"] == UUID(int=7).hex


def test_a_status_list() -> None:
    """The first place is the first byte's highest bit; the same list gives the same bytes."""
    made = status_list([0, 9, LIST_BITS - 1], AT, number=4, now_ms=1_790_000_000_999)
    packed = made["credentialSubject"]["encodedList"]
    bits = gzip.decompress(base64.urlsafe_b64decode(packed[1:] + "=" * (-len(packed[1:]) % 4)))
    assert (bits[0], bits[1], bits[-1], sum(bits)) == (0x80, 0x40, 0x01, 0xC1)
    assert (made["exp"] - made["nbf"], made["validUntil"]) == (86_400, "2026-09-22T14:13:20Z")
    assert made["iss"] == made["issuer"] == AT.issuer
    assert made == status_list([0, 9, LIST_BITS - 1], AT, number=4, now_ms=1_790_000_000_999)


@pytest.mark.parametrize(
    ("state", "code"),
    [("held", None), ("spent", None), ("gifted", "badge_gone"), ("reversed", "badge_gone")],
)
def test_which_awards_are_exported(state: AwardState, code: str | None) -> None:
    """Those that are the player's, and those that the player has made something of."""
    reason = refusal(msgspec.structs.replace(AWARD, state=state))
    assert (None if reason is None else reason.code) == code


def test_documents_lie_side_by_side() -> None:
    """No two of them at one address, whatever their numbers."""
    found = [AT.issuer, AT.key(1), AT.key(2), AT.status_list(1), AT.status_list(2)]
    assert len(set(found)) == len(found)
    assert all(each.startswith(f"{AT.base}/") for each in found)
