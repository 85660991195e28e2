"""A season's ranking in Redis: a sorted set of all who have a rank, and a hash of each player's place in it.

Scores are negative, and members begin with when the score was reached, so that the set is in the order of
ranks. PostgreSQL has the truth: what is published here carries its version, and a ranking that may have lost
something is not read before it was built anew (`mending.py`). All keys of a campaign have its hash tag.
"""

import asyncio
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from redis import RedisError
from redis.asyncio import Redis

from game.boards.rules import Ranked, Standing
from game.boards.store import Changed, SeasonKey
from game.resources import Resources

BUILD_MS: Final = 60_000
CALL_SECONDS: Final = 1.0
# A Redis that is away is not asked again for a while.
PAUSE_MS: Final = 1_000
_REACHED_DIGITS: Final = 16

log = structlog.get_logger()
_paused_until_ms: "WeakKeyDictionary[Redis, int]" = WeakKeyDictionary()


def _text(name: str) -> str:
    return files("game.boards").joinpath(f"{name}.lua").read_text(encoding="utf-8")


_HEALTH = _text("health")
_SCRIPTS: Final = {name: _HEALTH + _text(name) for name in ("publish", "begin", "swap", "read", "drop")}


async def publish(resources: Resources, key: SeasonKey, changed: Sequence[Changed]) -> bool:
    """Write standings of a season; False: the ranking is not whole, or Redis is away."""
    arguments = ["", "", *_arguments(changed)]
    return bool(await _run(resources, "publish", [_ranks(key), _places(key)], arguments))


async def ranks(resources: Resources, key: SeasonKey, *, after: int, limit: int) -> list[Ranked] | None:
    """So many ranks after a rank; None: they are not known here now."""
    return await _stretch(resources, key, ["", after, limit - 1])


async def around(
    resources: Resources, key: SeasonKey, player_id: UUID, *, before: int, after: int
) -> list[Ranked] | None:
    """A player and so many before and after; empty without a rank, None: it is not known here now."""
    return await _stretch(resources, key, [player_id.hex, before, after])


async def begin(resources: Resources, key: SeasonKey, builder: str) -> bool:
    """Begin to build a ranking anew; False: somebody does already, or Redis is away."""
    return bool(await _run(resources, "begin", [_places(key), _build(key)], [builder, BUILD_MS]))


async def fill(resources: Resources, key: SeasonKey, builder: str, changed: Sequence[Changed]) -> bool:
    """Write standings into the ranking that a builder builds; False: it is not its turn any more."""
    keys = [_ranks(key, builder), _places(key, builder), _build(key)]
    return bool(await _run(resources, "publish", keys, [builder, BUILD_MS, *_arguments(changed)]))


async def swap(resources: Resources, key: SeasonKey, builder: str) -> bool:
    """Put what was built into place; False: it is not the builder's turn any more."""
    fresh = [_ranks(key, builder), _places(key, builder)]
    return bool(await _run(resources, "swap", [_ranks(key), _places(key), *fresh, _build(key)], [builder]))


async def drop(resources: Resources, key: SeasonKey) -> None:
    """Forget a season whose ranking is final: from now on PostgreSQL tells it."""
    await _run(resources, "drop", [_ranks(key), _places(key), _build(key)], [])


async def _stretch(resources: Resources, key: SeasonKey, arguments: list[Any]) -> list[Ranked] | None:
    found = await _run(resources, "read", [_ranks(key), _places(key)], arguments)
    if found is None:
        return None
    first, *parts = found
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [Ranked(rank=first + nth, standing=_standing(*pair)) for nth, pair in enumerate(pairs, start=1)]


async def _run(resources: Resources, name: str, keys: list[str], arguments: list[Any]) -> Any:
    """What a script answers; None: Redis is away."""
    redis, now_ms = resources.redis, resources.clock()
    if now_ms < _paused_until_ms.get(redis, 0):
        return None
    try:
        async with asyncio.timeout(CALL_SECONDS):
            return await redis.register_script(_SCRIPTS[name])(keys=keys, args=arguments)
    except (RedisError, OSError, TimeoutError) as error:
        _paused_until_ms[redis] = now_ms + PAUSE_MS
        log.warning("boards.redis_unavailable", reason=repr(error), pause_ms=PAUSE_MS)
        return None


def _arguments(changed: Sequence[Changed]) -> list[Any]:
    return [
        part
        for each in changed
        for part in (each.player_id.hex, each.version, each.score, _member(each) if each.score else "")
    ]


def _member(standing: Changed) -> str:
    return f"{standing.reached_ms:0{_REACHED_DIGITS}}{standing.player_id.hex}"


def _standing(member: bytes, score: bytes) -> Standing:
    text = member.decode()
    reached_ms, player_id = int(text[:_REACHED_DIGITS]), UUID(text[_REACHED_DIGITS:])
    return Standing(player_id=player_id, score=-int(score), reached_ms=reached_ms)


def _ranks(key: SeasonKey, builder: str = "") -> str:
    return f"{_named(key)}:ranks{builder}"


def _places(key: SeasonKey, builder: str = "") -> str:
    return f"{_named(key)}:places{builder}"


def _build(key: SeasonKey) -> str:
    return f"{_named(key)}:build"


def _named(key: SeasonKey) -> str:
    return f"{{{key.campaign_id}}}:board:{key.board_id}:{key.season}"
