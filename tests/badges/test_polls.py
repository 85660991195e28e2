"""Polls of badges: whatever changes the answer changes its tag, and what does not, does not."""

import hashlib
from collections.abc import Sequence

import msgspec
import pytest

from game.badges.chances import tables_of
from game.badges.collecting import FORM, Mine, Shared, told
from game.badges.rules import Stock
from game.badges.store import BadgeSet
from game.badges.views import bound_by
from game.campaigns.records import Pool
from tests.badges.album import Album
from tests.badges.test_chances import CARDS, WHEEL, left
from tests.support.badges import terms

ALBUM = '{"held": {"ox": 2, "rat": 1}, "draws": 7, "claims": {"spring": 1}}'
LIVE = [msgspec.structs.replace(each, state="live") for each in (WHEEL, CARDS)]


def mine(pools: Sequence[Pool] = LIVE, *, prizes: int = 9, album: str = ALBUM) -> Mine:
    """What somebody has who drew seven times."""
    shared = Shared(
        form=FORM,
        campaign_id="frw8y9cvjwbh",
        sets=(
            BadgeSet(set_id="spring", terms=terms(), stock=Stock(prize=prizes, alternative=5, convert=100)),
        ),
        tables=tables_of(pools),
        bound=bound_by(pools),
    )
    digest = hashlib.sha256(msgspec.json.encode(shared)).digest()
    return Mine(shared=shared, digest=digest, album=album)


@pytest.mark.asyncio
async def test_what_is_told_otherwise_is_named_otherwise() -> None:
    """If this fails, the same is told in another way: raise FORM, since apps name what they have by it.

    The tag is that of all processes, whatever the seed of their hashes.
    """
    asked = mine()
    digest = hashlib.sha256(msgspec.json.encode(await told(asked))).hexdigest()[:16]
    assert (FORM, asked.tag[1:17], digest) == (1, "8b514116cbaaec27", "3452ccdcb59b1090")


def test_the_tag_changes_with_what_is_told() -> None:
    """A badge more, a prize less, a ticket less; draws of others on a wheel change nothing."""
    wheel, cards = LIVE
    drawn = msgspec.structs.replace(
        wheel, units=tuple(msgspec.structs.replace(each, won=each.won + 1) for each in wheel.units)
    )
    assert mine([drawn, cards]).tag == mine().tag
    others = [
        mine(album=ALBUM.replace("2", "3")),
        mine(prizes=8),
        mine([wheel, left(cards, 2, 2, 1, 9)]),
        mine([cards]),
    ]
    assert len({each.tag for each in others} | {mine().tag}) == len(others) + 1


@pytest.mark.asyncio
async def test_however_the_address_is_written_the_answer_is_the_same(album: Album) -> None:
    """The framework's route and the one before it tell the same, under the same tag."""
    await album.give("ann", "ox")
    headers = album.office.issuer.headers("ann")
    path = f"/v1/campaigns/{album.campaign_id}/me/badges"
    plain, other = [await album.office.client.get(each, headers=headers) for each in (path, f"{path}/")]
    assert plain.json()["sets"][0]["held"]["ox"] == 1
    assert (plain.status_code, plain.content) == (other.status_code, other.content)
    assert dict(plain.headers) == dict(other.headers)
