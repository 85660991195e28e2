"""Witnesses: shown what a log has become, believed only with their signature, and never waited for."""

import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.audit.service import log_signer
from game.audit.witnessing import ASK_AGAIN_MS, ASK_LATER_MS, ask_witnesses, cosigned_checkpoint
from game.errors import NotFound
from game.fair.note import Verifier, open_checkpoint
from game.fair.witness import Witness, cosignatures
from game.resources import Resources
from game.settings import Settings, SettingsError
from tests.audit.conftest import NOW_MS
from tests.audit.logs import open_log, write
from tests.audit.witnesses import SECONDS, Keeper, serving

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
LOG = "campaign0001"


@pytest.fixture
def keeper() -> Keeper:
    """What the witness remembers."""
    return Keeper(KEY)


@pytest.fixture
def url(keeper: Keeper) -> Iterator[str]:
    """Where the witness is."""
    with serving(keeper) as address:
        yield address


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections to witnesses."""
    async with aiohttp.ClientSession() as opened:
        yield opened


class Watched:
    """A log, its witnesses, and a clock."""

    def __init__(
        self, resources: Resources, session: aiohttp.ClientSession, *witnesses: tuple[Keeper, str]
    ) -> None:
        places = tuple(keeper.at(url) for keeper, url in witnesses)
        self.settings = msgspec.structs.replace(resources.settings, witnesses=places)
        self.resources, self.session, self.now_ms = resources, session, NOW_MS
        self.keepers = [keeper for keeper, _ in witnesses]

    async def opened(self, *batches: int) -> "Watched":
        """With a log that the witnesses know of."""
        await open_log(self.resources, campaign_id=LOG)
        await write(self.resources, LOG, *batches)
        signer = await log_signer(self.resources, LOG)
        for keeper in self.keepers:
            keeper.verifiers[signer.origin] = Verifier.parse(signer.vkey)
        return self

    async def ask(self, *, after_ms: int = 0) -> int:
        """One run of the step, after a while."""
        self.now_ms += after_ms
        resources = replace(self.resources, settings=self.settings, clock=lambda: self.now_ms)
        return await ask_witnesses(resources, self.session)

    async def note(self) -> bytes:
        """The cosigned checkpoint."""
        resources = replace(self.resources, settings=self.settings)
        return (await cosigned_checkpoint(resources, campaign_id=LOG)).encode()


@pytest.mark.asyncio
async def test_a_log_is_cosigned_as_it_grows(
    resources: Resources, session: aiohttp.ClientSession, keeper: Keeper, url: str
) -> None:
    """From nothing, and on from what was seen, over tiles that fill up; our note, with its line."""
    watched = await Watched(resources, session, (keeper, url)).opened(3)
    signer = await log_signer(resources, LOG)
    for batch in (250, 10, 1, 300):
        assert await watched.ask(after_ms=ASK_AGAIN_MS) == 1
        assert await watched.ask(after_ms=ASK_AGAIN_MS) == 0
        await write(resources, LOG, batch)
    note = await watched.note()
    checkpoint = open_checkpoint(note, Verifier.parse(signer.vkey))
    assert (checkpoint.size, checkpoint) == (264, keeper.seen[signer.origin])
    assert note.decode().startswith(signer.checkpoint(checkpoint.size, checkpoint.root))
    (found,) = cosignatures(note, [Witness.parse(keeper.vkey)])
    assert (found.name, found.seconds) == (keeper.name, SECONDS)
    assert all(body.startswith(b"old ") for body in keeper.bodies)
    assert len(keeper.bodies) == 4


@pytest.mark.asyncio
async def test_a_witness_that_knows_more_than_we_remember(
    resources: Resources, session: aiohttp.ClientSession, keeper: Keeper, url: str
) -> None:
    """We died before we kept its answer: it says where it is, and is asked from there."""
    watched = await Watched(resources, session, (keeper, url)).opened(5)
    await watched.ask()
    await resources.pool.execute("DELETE FROM cosignature")
    await write(resources, LOG, 5)
    assert await watched.ask() == 1
    assert [body.split(b"\n")[0] for body in keeper.bodies] == [b"old 0", b"old 0", b"old 5"]
    assert b"\n10\n" in await watched.note()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "says",
    [
        (403, b""),
        (404, b""),
        (409, b"99\n"),
        (409, b"nonsense"),
        (422, b""),
        (500, b"x" * 10_000),
        (302, b""),
        (200, b""),
        (200, b"no signature\n"),
        (200, Keeper(KEY).line(b"another checkpoint\n")),
        (200, Keeper(OTHER_KEY).line(b"campaign\n")),
    ],
    ids=str,
)
async def test_answers_that_are_no_cosignature(
    resources: Resources, session: aiohttp.ClientSession, keeper: Keeper, url: str, says: tuple[int, bytes]
) -> None:
    """Nothing is kept of them; the witness is asked again after a while, and then believed."""
    watched = await Watched(resources, session, (keeper, url)).opened(5)
    keeper.says = says
    assert await watched.ask() == 1
    with pytest.raises(NotFound):
        await watched.note()
    keeper.says = None
    assert await watched.ask(after_ms=ASK_LATER_MS - 1) == 0
    assert await watched.ask(after_ms=1) == 1
    assert len(cosignatures(await watched.note(), [Witness.parse(keeper.vkey)])) == 1


@pytest.mark.asyncio
async def test_one_witness_is_away(
    resources: Resources, session: aiohttp.ClientSession, keeper: Keeper, url: str
) -> None:
    """The other one cosigns; two that have seen the same checkpoint stand in one note."""
    second = Keeper(OTHER_KEY, "witness.example/w2")
    watched = await Watched(resources, session, (keeper, url), (second, url)).opened(5)
    await watched.ask()
    both = [Witness.parse(keeper.vkey), Witness.parse(second.vkey)]
    assert [each.name for each in cosignatures(await watched.note(), both)] == [keeper.name]
    with serving(second) as second_url:
        watched.settings = msgspec.structs.replace(
            watched.settings, witnesses=(keeper.at(url), second.at(second_url))
        )
        await watched.ask(after_ms=ASK_LATER_MS)
    assert [each.name for each in cosignatures(await watched.note(), both)] == [keeper.name, second.name]


@pytest.mark.asyncio
async def test_witnesses_that_stay_behind_hide_no_newer_note(
    resources: Resources, session: aiohttp.ClientSession, keeper: Keeper, url: str
) -> None:
    """The newest cosigned checkpoint counts, and nobody who is not asked any more."""
    second = Keeper(OTHER_KEY, "witness.example/w2")
    with serving(second) as second_url:
        watched = await Watched(resources, session, (keeper, url), (second, second_url)).opened(5)
        await watched.ask()
    await write(resources, LOG, 5)
    await watched.ask(after_ms=ASK_AGAIN_MS)
    assert b"\n10\n" in await watched.note()
    watched.settings = msgspec.structs.replace(watched.settings, witnesses=(second.at(second_url),))
    assert b"\n5\n" in await watched.note()


@pytest.mark.asyncio
async def test_no_witnesses(resources: Resources, session: aiohttp.ClientSession) -> None:
    """They are optional."""
    watched = await Watched(resources, session).opened(5)
    assert await watched.ask() == 0


def test_a_key_under_another_name() -> None:
    """The id in a key string binds the name."""
    with pytest.raises(ValueError, match="not the one of its name and key"):
        Witness.parse(Keeper(KEY).vkey.replace("w1", "w2", 1))


@pytest.mark.parametrize(
    "text",
    ["x", "x https://w.example", f"{Keeper(KEY).vkey} ftp://w.example", f"{Keeper(KEY).vkey}", "+ + +"],
)
def test_settings_that_name_no_witness(text: str) -> None:
    """They are refused at the start, all in one message."""
    with pytest.raises(SettingsError, match="PLAYFAIR_WITNESSES"):
        Settings.from_environment(_environment(PLAYFAIR_WITNESSES=text))


def test_settings_name_witnesses() -> None:
    """A key and an address each, none twice."""
    vkey = Keeper(KEY).vkey
    (found,) = Settings.from_environment(
        _environment(PLAYFAIR_WITNESSES=f"{vkey} https://w.example/")
    ).witnesses
    assert (found.witness.name, found.url) == ("witness.example/w1", "https://w.example")
    with pytest.raises(SettingsError, match="once"):
        Settings.from_environment(
            _environment(PLAYFAIR_WITNESSES=f"{vkey} https://a.example,{vkey} https://b.example")
        )


def _environment(**more: str) -> dict[str, str]:
    key = base64.b64encode(bytes(32)).decode()
    return {
        "PLAYFAIR_DATABASE_URL": "postgresql://x",
        "PLAYFAIR_REDIS_URL": "redis://x",
        "PLAYFAIR_LEDGER_URL": "http://x",
        "PLAYFAIR_LEDGER_TOKEN": "a token of the tests",
        "PLAYFAIR_SECRET_KEYS": f"test:{key}",
        **more,
    }
