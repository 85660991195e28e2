"""The beacon's client against real HTTP relays."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from aiohttp.test_utils import unused_port

from game.audit.beacon import MAX_ANSWER_BYTES, fetch_beacons, fetch_round, signature_of
from game.fair.rounds import round_time_ms
from game.resources import Resources
from tests.audit.logs import open_log
from tests.audit.relays import EARLY_ROUND, LATE_ROUND, REAL_ANSWERS, SIGNATURES, Relay, answer_of, running

EARLY, LATE = SIGNATURES[EARLY_ROUND], SIGNATURES[LATE_ROUND]
OTHER = answer_of(EARLY_ROUND, LATE)  # well-formed, and another relay's word against it


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client."""
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest_asyncio.fixture
async def relays() -> AsyncIterator[list[Relay]]:
    """Two relays that know both rounds."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(running(Relay(REAL_ANSWERS))) for _ in range(2)]


def urls_of(relays: list[Relay]) -> tuple[str, ...]:
    """Where the relays listen."""
    return tuple(relay.url for relay in relays)


@pytest.mark.asyncio
@pytest.mark.parametrize("round_", [EARLY_ROUND, LATE_ROUND])
async def test_relays_that_agree_are_believed(
    session: aiohttp.ClientSession, relays: list[Relay], round_: int
) -> None:
    """Two relays with the same real value give it."""
    assert await fetch_round(session, urls_of(relays), round_) == SIGNATURES[round_]


@pytest.mark.asyncio
@pytest.mark.parametrize("liar", [0, 1])
async def test_relays_that_differ_are_refused(
    session: aiohttp.ClientSession, relays: list[Relay], liar: int
) -> None:
    """Two well-formed values for one round are refused, whoever answers first."""
    relays[liar].answers[EARLY_ROUND] = OTHER
    assert await fetch_round(session, urls_of(relays), EARLY_ROUND) is None


@pytest.mark.asyncio
async def test_a_late_round_is_waited_for(session: aiohttp.ClientSession, relays: list[Relay]) -> None:
    """While a relay lacks the round there is no value, and later there is."""
    late = relays[1].answers.pop(LATE_ROUND)
    assert await fetch_round(session, urls_of(relays), LATE_ROUND) is None
    relays[1].answers[LATE_ROUND] = late
    assert await fetch_round(session, urls_of(relays), LATE_ROUND) == LATE


@pytest.mark.asyncio
async def test_one_relay_is_not_enough(session: aiohttp.ClientSession, relays: list[Relay]) -> None:
    """A relay that cannot be reached leaves one answer, which is not believed alone."""
    nobody = f"http://127.0.0.1:{unused_port()}"
    assert await fetch_round(session, (relays[0].url, nobody), EARLY_ROUND) is None
    assert await fetch_round(session, (relays[0].url, nobody, relays[1].url), EARLY_ROUND) == EARLY


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        REAL_ANSWERS[LATE_ROUND],
        REAL_ANSWERS[EARLY_ROUND][:-1],
        answer_of(EARLY_ROUND, EARLY[:-1]),
        answer_of(EARLY_ROUND, EARLY + b"\0"),
        REAL_ANSWERS[EARLY_ROUND].replace(b'"signature":"b7', b'"signature":"b8'),
        REAL_ANSWERS[EARLY_ROUND].replace(b'"signature":"b7', b'"signature":"zz'),
        msgspec.json.encode({"round": str(EARLY_ROUND), "signature": EARLY.hex(), "randomness": EARLY.hex()}),
    ],
)
def test_an_unsound_answer_is_none(body: bytes) -> None:
    """Another round, a wrong length, a value that is not the hash, and plain nonsense are no answer."""
    assert signature_of(body, EARLY_ROUND) is None


def test_a_real_answer_hashes_to_its_randomness() -> None:
    """The real round's answer holds, with members we do not know beside it."""
    body = REAL_ANSWERS[EARLY_ROUND][:-1] + b',"previous_signature":""}'
    assert signature_of(body, EARLY_ROUND) == EARLY


@pytest.mark.asyncio
async def test_an_endless_answer_is_cut(session: aiohttp.ClientSession, relays: list[Relay]) -> None:
    """An answer beyond the limit is no answer, though it would be sound."""
    padded = REAL_ANSWERS[EARLY_ROUND] + b" " * MAX_ANSWER_BYTES
    assert signature_of(padded, EARLY_ROUND) == EARLY
    relays[0].answers[EARLY_ROUND] = padded
    assert await fetch_round(session, urls_of(relays), EARLY_ROUND) is None


async def await_rounds(resources: Resources, campaign_id: str, *rounds: int) -> None:
    """Let a log wait for rounds."""
    rows = [(campaign_id, round_) for round_ in rounds]
    await resources.pool.executemany("INSERT INTO beacon_round (campaign_id, round) VALUES ($1, $2)", rows)


def at_round(resources: Resources, relays: list[Relay], round_: int, *, late_ms: int = 0) -> Resources:
    """The resources with these relays, at the time of a round."""
    settings = msgspec.structs.replace(resources.settings, beacon_relays=urls_of(relays))
    return replace(resources, settings=settings, clock=lambda: round_time_ms(round_) + late_ms)


class Delivered:
    """Collects what is delivered, and fails for the campaigns in `broken`."""

    def __init__(self, *broken: str) -> None:
        self.broken = broken
        self.values: list[tuple[str, int, bytes]] = []

    async def __call__(self, campaign_id: str, round_: int, signature: bytes) -> None:
        """Take one value."""
        if campaign_id in self.broken:
            raise ConnectionError("the log cannot be written now")
        self.values.append((campaign_id, round_, signature))


@pytest.mark.asyncio
async def test_each_round_is_fetched_once_for_all_logs(
    resources: Resources, session: aiohttp.ClientSession, relays: list[Relay]
) -> None:
    """Rounds reach every log that waits for them, the oldest first, and each relay is asked once for each."""
    first = await open_log(resources, campaign_id="campaign0001")
    second = await open_log(resources, campaign_id="campaign0002")
    await await_rounds(resources, second, EARLY_ROUND, LATE_ROUND)
    await await_rounds(resources, first, LATE_ROUND)
    delivered = Delivered()
    assert await fetch_beacons(at_round(resources, relays, LATE_ROUND), session, delivered) == 3
    assert delivered.values == [
        (second, EARLY_ROUND, EARLY),
        (first, LATE_ROUND, LATE),
        (second, LATE_ROUND, LATE),
    ]
    assert sorted(relays[0].asked + relays[1].asked) == [EARLY_ROUND] * 2 + [LATE_ROUND] * 2


@pytest.mark.asyncio
async def test_a_round_is_not_asked_for_before_its_time(
    resources: Resources, session: aiohttp.ClientSession, relays: list[Relay]
) -> None:
    """A millisecond before the round's time nothing is asked for; then it is."""
    await await_rounds(resources, await open_log(resources), LATE_ROUND)
    delivered = Delivered()
    early = at_round(resources, relays, LATE_ROUND, late_ms=-1)
    assert await fetch_beacons(early, session, delivered) == 0
    assert relays[0].asked == []
    assert await fetch_beacons(at_round(resources, relays, LATE_ROUND), session, delivered) == 1


@pytest.mark.asyncio
async def test_a_logged_round_is_not_asked_for(
    resources: Resources, session: aiohttp.ClientSession, relays: list[Relay]
) -> None:
    """A round whose value stands in the log is left alone."""
    campaign_id = await open_log(resources)
    await await_rounds(resources, campaign_id, EARLY_ROUND)
    await resources.pool.execute(
        "INSERT INTO log_entry (campaign_id, entry_index, entry, leaf_hash) VALUES ($1, 0, $2, $3)",
        campaign_id,
        b"{}",
        hashlib.sha256(b"").digest(),
    )
    await resources.pool.execute("UPDATE beacon_round SET signature = $1, entry_index = 0", EARLY)
    assert await fetch_beacons(at_round(resources, relays, LATE_ROUND), session, Delivered()) == 0
    assert relays[0].asked == []


@pytest.mark.asyncio
async def test_one_logs_trouble_is_not_anothers(
    resources: Resources, session: aiohttp.ClientSession, relays: list[Relay]
) -> None:
    """When one log cannot be written, the others get the value, and that one gets it next time."""
    first = await open_log(resources, campaign_id="campaign0001")
    second = await open_log(resources, campaign_id="campaign0002")
    for campaign_id in (first, second):
        await await_rounds(resources, campaign_id, EARLY_ROUND)
    now = at_round(resources, relays, LATE_ROUND)
    broken, healed = Delivered(first), Delivered()
    assert await fetch_beacons(now, session, broken) == 1
    assert broken.values == [(second, EARLY_ROUND, EARLY)]
    assert await fetch_beacons(now, session, healed) == 2
    assert (first, EARLY_ROUND, EARLY) in healed.values


@pytest.mark.asyncio
async def test_missing_rounds_do_not_hold_up_others(
    resources: Resources, session: aiohttp.ClientSession, relays: list[Relay]
) -> None:
    """Twenty rounds that no relay has leave the one that is there to be delivered."""
    await await_rounds(resources, await open_log(resources), *range(100, 120), EARLY_ROUND)
    delivered = Delivered()
    assert await fetch_beacons(at_round(resources, relays, LATE_ROUND), session, delivered) == 1
    assert [round_ for _, round_, _ in delivered.values] == [EARLY_ROUND]


async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read until the client goes away."""
    await reader.read()
    writer.close()


@pytest.mark.asyncio
async def test_the_first_two_that_agree_are_enough(
    session: aiohttp.ClientSession, relays: list[Relay]
) -> None:
    """A third relay that accepts the connection and never answers does not delay the others' value."""
    server = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    async with server, asyncio.timeout(3):
        silent = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert await fetch_round(session, (silent, *urls_of(relays)), LATE_ROUND) == LATE
