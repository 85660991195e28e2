"""What players are told of their plays and tickets, where many ask at the same moment."""

import asyncio
from collections.abc import Sequence

import pytest
from asyncpg.connection import LoggedQuery

from game.db.statements import load
from game.errors import Refusal
from game.plays import service
from game.plays.engine import Engine
from game.plays.views import PlayView
from tests.support.auditing import rows_of
from tests.support.pools import pool, row, wheel
from tests.support.stage import Stage, player

pytestmark = pytest.mark.asyncio

WINNERS = pool("cards", row("gold", "points", 1, count=200))
FREE = wheel(price_points=0, seat_draws=256)
# More entries than a tile of the log has.
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
    """In whatever order, each answer shows what its request has uncovered, and nobody waits for ever."""
    campaign_id = await backstage.launch(WINNERS)
    names = [f"player-{number}" for number in range(20)]
    plays = await played(backstage, engines[0], campaign_id, *names, draws=3)
    forth = [(name, play.id, [1, 2]) for name, play in zip(names, plays, strict=True)]
    back = [(name, play_id, [3, 2]) for name, play_id, _ in reversed(forth)]
    shown = await asyncio.gather(answers(engines[0], *forth), answers(engines[1], *back))
    assert all({1, 2} <= set(each) for each in shown[0] if isinstance(each, list))
    assert all({2, 3} <= set(each) for each in shown[1] if isinstance(each, list))
    assert [len(each) for each in shown] == [len(names)] * 2
    assert await rows_of(backstage.resources, COVERED) == [{"tickets": 0}]


async def test_receipts_stay_the_same_while_the_log_grows(
    backstage: Stage, engines: tuple[Engine, Engine]
) -> None:
    """They are of the size at which a play had settled, out of tiles, or of what is kept of these."""
    engine, campaign_id = engines[0], await backstage.launch(FREE)
    names = [f"player-{number}" for number in range(MANY // 10)]
    plays = await played(backstage, engine, campaign_id, *names, pool_id="wheel", draws=10)
    first = await stage_reads(backstage, engines[1], plays[0])
    assert first[0] == plays[0]
    assert first[1] == [1, 1]
    assert await stage_reads(backstage, engines[1], plays[0]) == (plays[0], [1, 0])


async def stage_reads(stage: Stage, engine: Engine, play: PlayView) -> tuple[PlayView, list[int]]:
    """A play as an engine tells it, and how many statements that took: of plays, of tiles."""
    heard: list[str] = []

    def hear(query: LoggedQuery) -> None:
        heard.append(query.query)

    pool = engine.resources.pool
    async with pool.acquire() as conn:  # the one that was given back last is taken next
        conn.add_query_logger(hear)
    told = await stage.read(engine, play.id)
    await asyncio.sleep(0)  # what was sent is told in the loop's next turn
    async with pool.acquire() as conn:
        conn.remove_query_logger(hear)
    return told, [
        sum(name in query for query in heard) for name in ("FROM unnest($1::text[], $2::uuid[])", "log_tile")
    ]
