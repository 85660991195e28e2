"""How often one may call."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from redis.asyncio import Redis
from structlog.testing import capture_logs

from game.app import build_app
from game.auth import Caller
from game.errors import TooMany
from game.limits import BURST_SECONDS, PAUSE_AFTER_FAILURE_MS, Limits
from ledger_client.testing import FakeLedger
from tests.support.app import client_of, running, settings_for
from tests.support.service import ManualClock
from tests.support.tokens import Issuer

PER_PLAYER, PER_ADDRESS = 2, 3
PLAYER_BURST, ADDRESS_BURST = PER_PLAYER * BURST_SECONDS, PER_ADDRESS * BURST_SECONDS
ANN = Caller(brand_id="acme", subject="ann", roles=frozenset())
BOB = Caller(brand_id="acme", subject="bob", roles=frozenset())


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that stands still for a moment is no limiter that is down."""
    monkeypatch.setattr("game.limits.CHECK_TIMEOUT_SECONDS", 30.0)


@pytest_asyncio.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of the test's Redis."""
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def limits(redis: Redis, clock: ManualClock) -> Limits:
    """Two requests a second for a player, three for an address."""
    return Limits(redis, per_player=PER_PLAYER, per_address=PER_ADDRESS, clock=clock)


async def admitted(limits: Limits, address: str, caller: Caller | None, *, tries: int) -> int:
    """How many of some requests at once are let through."""
    answers = await asyncio.gather(
        *(limits.admit(address, caller) for _ in range(tries)), return_exceptions=True
    )
    assert all(answer is None or isinstance(answer, TooMany) for answer in answers)
    return sum(answer is None for answer in answers)


@pytest.mark.asyncio
async def test_a_burst_is_let_through_and_no_more(limits: Limits) -> None:
    """Five seconds' worth at once, for the player; the rest of it is not charged to the address."""
    assert await admitted(limits, "a", ANN, tries=PLAYER_BURST + 20) == PLAYER_BURST
    assert await admitted(limits, "a", None, tries=20) == ADDRESS_BURST - PLAYER_BURST


@pytest.mark.asyncio
async def test_callers_do_not_share(limits: Limits) -> None:
    """A player's limit is the player's own, wherever it calls from."""
    assert await admitted(limits, "a", ANN, tries=PLAYER_BURST + 1) == PLAYER_BURST
    assert await admitted(limits, "b", ANN, tries=1) == 0
    assert await admitted(limits, "b", BOB, tries=1) == 1


@pytest.mark.asyncio
async def test_an_address_is_limited_for_all_its_players(limits: Limits) -> None:
    """Many players behind one address share its limit."""
    assert await admitted(limits, "a", ANN, tries=PLAYER_BURST) == PLAYER_BURST
    assert await admitted(limits, "a", BOB, tries=PLAYER_BURST) == ADDRESS_BURST - PLAYER_BURST


@pytest.mark.asyncio
async def test_time_gives_requests_back(limits: Limits, clock: ManualClock) -> None:
    """After a burst the rate holds: one more every half second."""
    await admitted(limits, "a", ANN, tries=PLAYER_BURST)
    with pytest.raises(TooMany) as refused:
        await limits.admit("a", ANN)
    assert refused.value.numbers == {"retry_after_seconds": 1}
    clock.advance(499)
    assert await admitted(limits, "a", ANN, tries=1) == 0
    clock.advance(1)
    assert await admitted(limits, "a", ANN, tries=2) == 1


@pytest.mark.asyncio
async def test_keys_share_a_slot_and_expire(limits: Limits, redis: Redis) -> None:
    """One hash tag, so that one script reaches all; nothing stays in Redis for good."""
    await limits.admit("a", ANN)
    keys = sorted(await redis.keys("*"))
    assert keys == [b"{rate}:address:a", b"{rate}:player:acme.ann"]
    assert all([await redis.pttl(key) > 0 for key in keys])


@pytest.mark.asyncio
async def test_who_was_cut_off_counts_on(limits: Limits, redis: Redis) -> None:
    """A server that closed the connection, or has forgotten the script, is asked again at once."""
    assert await admitted(limits, "a", ANN, tries=PLAYER_BURST - 2) == PLAYER_BURST - 2
    assert await redis.client_kill_filter(skipme=True, _type="normal") == 1
    assert await admitted(limits, "a", ANN, tries=1) == 1
    await redis.script_flush()
    assert await admitted(limits, "a", ANN, tries=9) == 1


@pytest.mark.asyncio
async def test_redis_is_down(clock: ManualClock) -> None:
    """Everyone is let through, it is logged once, and Redis is asked again after a pause."""
    async with Redis.from_url("redis://127.0.0.1:1") as down:
        limits = Limits(down, per_player=PER_PLAYER, per_address=PER_ADDRESS, clock=clock)
        with capture_logs() as logs:
            for _ in range(3):
                assert await admitted(limits, "a", ANN, tries=PLAYER_BURST + 5) == PLAYER_BURST + 5
        assert [entry["event"] for entry in logs] == ["limits.unavailable"]
        clock.advance(PAUSE_AFTER_FAILURE_MS)
        with capture_logs() as logs:
            await limits.admit("a", ANN)
        assert [entry["event"] for entry in logs] == ["limits.unavailable"]


@pytest_asyncio.fixture
async def limited_app(
    database_url: str, redis_url: str, ledger: FakeLedger, clock: ManualClock, issuer: Issuer
) -> AsyncIterator[Litestar]:
    """The application behind the proxies of 10.0.0.0/8, with one request a second."""
    del issuer
    settings = settings_for(
        database_url,
        redis_url,
        REQUESTS_PER_PLAYER="1",
        REQUESTS_PER_ADDRESS="1",
        TRUSTED_PROXIES="10.0.0.0/8, fd00::/8",
    )
    async with running(build_app(settings, ledger=ledger, clock=clock)) as app:
        yield app


async def until_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> int:
    """How many requests pass before one is refused for its rate."""
    for passed in range(2 * BURST_SECONDS):
        answer = await client.get("/docs", headers=headers)
        if answer.status_code == 429:
            assert answer.json()["code"] == "rate_limited"
            assert answer.headers["Retry-After"] == str(answer.json()["retry_after_seconds"])
            return passed
    return 2 * BURST_SECONDS


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("forwarded", "known_as"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.1, 198.51.100.7, 10.2.2.2", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("not-an-address, 10.2.2.2", "10.2.2.2"),
        ("10.3.3.3, 10.2.2.2", "10.3.3.3"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("", "10.1.1.1"),
    ],
)
async def test_proxies_are_believed(
    limited_app: Litestar, redis_url: str, forwarded: str, known_as: str
) -> None:
    """The address is the last one that no trusted proxy vouches for being another's."""
    async with client_of(limited_app, address="10.1.1.1") as client, Redis.from_url(redis_url) as redis:
        await client.get("/docs", headers={"X-Forwarded-For": forwarded})
        assert await redis.keys("*") == [f"{{rate}}:address:{known_as}".encode()]


@pytest.mark.asyncio
async def test_others_are_not_believed(limited_app: Litestar) -> None:
    """Who is no proxy of ours cannot call in the name of other addresses."""
    async with client_of(limited_app, address="198.51.100.7") as client:
        assert await until_refused(client, {"X-Forwarded-For": "203.0.113.1"}) == BURST_SECONDS
        assert await until_refused(client, {"X-Forwarded-For": "203.0.113.2"}) == 0


@pytest.mark.asyncio
async def test_bad_tokens_count(limited_app: Litestar) -> None:
    """Guessing tokens is limited like everything else."""
    async with client_of(limited_app) as client:
        assert await until_refused(client, {"Authorization": "Bearer a.b.c"}) == BURST_SECONDS


@pytest.mark.asyncio
async def test_the_probe_of_life_is_not_limited(limited_app: Litestar) -> None:
    """Whoever runs the service always learns whether the process is up."""
    async with client_of(limited_app) as client:
        await until_refused(client, {})
        assert (await client.get("/health/live")).status_code == 200


@pytest.mark.asyncio
async def test_a_clock_ahead_keeps_nobody_out(limits: Limits, redis: Redis, clock: ManualClock) -> None:
    """What a process ten minutes ahead has counted makes no player wait for so long elsewhere."""
    ahead = ManualClock(clock() + 600_000)
    fast = Limits(redis, per_player=PER_PLAYER, per_address=PER_ADDRESS, clock=ahead)
    assert await admitted(fast, "a", ANN, tries=PLAYER_BURST + 1) == PLAYER_BURST
    assert await admitted(limits, "a", ANN, tries=PLAYER_BURST + 1) == PLAYER_BURST
