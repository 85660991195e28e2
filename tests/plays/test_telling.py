"""What players are told of their plays and tickets, where many ask at the same moment."""

import asyncio
from collections.abc import Sequence

import pytest
from asyncpg.connection import LoggedQuery

from game.audit.proofs import KEEP_MS
from game.db.statements import load
from game.errors import Refusal
from game.players import player_ids_of
from game.plays import service
from game.plays.drawing import Drawn
from game.plays.engine import Engine
from game.plays.rules import Play, Seat
from game.plays.store import SQL
from game.plays.views import PlayView
from tests.support.auditing import rows_of
from tests.support.locks import until_waiting
from tests.support.pools import pool, row, wheel
from tests.support.stage import Stage, player

pytestmark = pytest.mark.asyncio

WINNERS = pool("cards", row("gold", "points", 1, count=200))
FREE = wheel(price_points=0, seat_draws=256)
# More entries than a tile of the log has, by no more players than are told at once.
MANY = 300
COVERED = """
SELECT count(*) AS tickets FROM draw JOIN play USING (campaign_id, play_id)
WHERE pool_id = 'cards' AND uncovered_ms IS NULL
"""
TILES = load("game.audit").tiles


async def played(
    stage: Stage, engine: Engine, campaign_id: str, *subjects: str, pool_id: str = "cards", draws: int = 2
) -> list[PlayView]:
    """A play of each, all at once."""
    for subject in subjects:
        stage.fund(subject, 1_000)
        await stage.sit(engine, campaign_id, subject, pool_id)
    plays = (stage.play(engine, campaign_id, each, pool_id, key=pool_id, draws=draws) for each in subjects)
    return list(await asyncio.gather(*plays))


async def answers(engine: Engine, *asked: tuple[str, str, Sequence[int]]) -> list[object]:
    """What becomes of players who ask at once: the tickets that are uncovered, or the code of a refusal."""
    asking = (service.uncover(engine, player(who), play_id, tickets) for who, play_id, tickets in asked)
    return [
        each.code
        if isinstance(each, Refusal)
        else [draw.ticket for draw in each.draws if draw.outcome is not None]
        if isinstance(each, PlayView)
        else each
        for each in await asyncio.gather(*asking, return_exceptions=True)
    ]


async def test_all_who_ask_at_once_are_answered_alone(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """Whoever asks for what is not there or not theirs harms nobody, and uncovers nothing."""
    engine, campaign_id = engines[0], await backstage.launch(WINNERS, FREE)
    anns, bobs = await played(backstage, engine, campaign_id, "ann", "bob")
    (turned,) = await played(backstage, engine, campaign_id, "ann", pool_id="wheel")
    asked = [
        ("ann", anns.id, [2]),
        ("bob", anns.id, [1]),
        ("bob", bobs.id, [1, 3]),
        ("bob", bobs.id, ()),
        ("ann", turned.id, [1]),
        ("ann", turned.id, ()),
        ("ann", "nonsense", ()),
        ("ann", f"{campaign_id}-{'0' * 32}", [1]),
    ]
    missing = "play_not_found"
    expected = [[2], missing, "no_such_ticket", [], "not_a_scratch_card", [1, 2], missing, missing]
    assert await answers(engine, *asked) == expected
    assert await rows_of(backstage.resources, COVERED) == [{"tickets": 3}]


async def test_two_processes_uncover_the_same_tickets(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """In whatever order, each answer shows what its request has uncovered, and nobody is refused."""
    campaign_id = await backstage.launch(WINNERS)
    names = [f"player-{number}" for number in range(20)]
    plays = await played(backstage, engines[0], campaign_id, *names, draws=3)
    forth = [(name, play.id, [1, 2]) for name, play in zip(names, plays, strict=True)]
    back = [(name, play_id, [3, 2]) for name, play_id, _ in reversed(forth)]
    shown = await asyncio.gather(answers(engines[0], *forth), answers(engines[1], *back))
    for asked, told in zip((forth, back), shown, strict=True):
        for (_, _, tickets), each in zip(asked, told, strict=True):
            assert isinstance(each, list), each
            assert set(tickets) <= set(each)
    assert await rows_of(backstage.resources, COVERED) == [{"tickets": 0}]


async def test_nobody_waits_long_for_anothers_ticket(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """Of one that somebody holds its owner waits, whoever looks does not, who uncovers others a second."""
    engine, campaign_id = engines[0], await backstage.launch(WINNERS)
    anns, bobs = await played(backstage, engine, campaign_id, "ann", "bob")
    async with backstage.resources.pool.acquire() as conn:
        async with conn.transaction():
            await conn.execute("SELECT FROM draw JOIN play USING (play_id) WHERE nth = 1 FOR UPDATE OF draw")
            held = asyncio.create_task(answers(engine, ("ann", anns.id, [1])))
            others = asyncio.create_task(answers(engine, ("bob", bobs.id, [2])))
            await until_waiting(backstage.resources, 1)
            assert await answers(engine, ("ann", anns.id, ())) == [[]]
            assert await others == [[2]]
            assert not held.done()
        assert await held == [[1]]


async def test_receipts_stay_the_same_while_the_log_grows(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """They are of the size at which a play had settled, out of tiles, or of what was kept of these before."""
    (engine, reader), campaign_id = engines, await backstage.launch(FREE)
    names = ["ann", *(f"player-{number}" for number in range(MANY // 10))]
    plays = await played(backstage, engine, campaign_id, "ann", pool_id="wheel", draws=10)
    assert await read_together(reader, names, plays) == (plays, [1, 1])
    assert await read_together(reader, names, plays) == (plays, [1, 0])
    plays += await played(backstage, engine, campaign_id, *names[1:], pool_id="wheel", draws=10)
    assert await read_together(reader, names, plays) == (plays, [1, 1])
    assert await read_together(reader, names, plays) == (plays, [1, 0])
    backstage.clock.advance(KEEP_MS)
    assert await read_together(reader, names, plays) == (plays, [1, 1])


async def test_receipts_of_several_logs(backstage: Stage, engines: tuple[Engine, Engine]) -> None:
    """The same indexes in two logs, told in one batch: each is proven by its own, also from memory."""
    names, plays = ["ann", "bob"] * 2, []
    for _ in range(2):
        campaign_id = await backstage.launch(FREE)
        plays += await played(backstage, engines[0], campaign_id, *names[:2], pool_id="wheel")
    assert await read_together(engines[1], names, plays) == (plays, [1, 1])
    assert await read_together(engines[1], names, plays) == (plays, [1, 0])


async def test_what_is_read_has_the_names_that_it_is_taken_by(backstage: Stage) -> None:
    """Columns are taken by their places: those of plays, of seats and of draws, as the structs name them."""
    async with backstage.resources.pool.acquire() as conn:
        statement = await conn.prepare(SQL.tell_plays)
        names = tuple(each.name for each in statement.get_attributes())
    assert names == (*Play.__struct_fields__, *Seat.__struct_fields__, "tag", *Drawn.__struct_fields__)


async def read_together(
    engine: Engine, names: Sequence[str], plays: Sequence[PlayView]
) -> tuple[list[PlayView], list[int]]:
    """Players' plays as they are told at once, and how many statements that took: of plays, of tiles."""
    callers = [player(name) for name, _ in zip(names, plays, strict=False)]
    await player_ids_of(engine.resources, callers)
    heard: list[str] = []

    def hear(query: LoggedQuery) -> None:
        heard.append(query.query)

    pool = engine.resources.pool
    async with pool.acquire() as conn:  # the one that was given back last is taken next
        conn.add_query_logger(hear)
    asking = (service.read(engine, who, play.id) for who, play in zip(callers, plays, strict=True))
    told = await asyncio.gather(*asking)
    await asyncio.sleep(0)  # what was sent is told in the loop's next turn
    async with pool.acquire() as conn:
        conn.remove_query_logger(hear)
    return list(told), [sum(query == sql for query in heard) for sql in (SQL.tell_plays, TILES)]
