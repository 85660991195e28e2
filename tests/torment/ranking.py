"""Whether boards show what the rows say, though Redis was killed and emptied again and again."""

from collections import defaultdict
from typing import Final

from game.boards.rules import alias
from game.boards.views import TopView
from game.tour.client import eventually
from tests.crash.bets import People

SHOWN_MAX: Final = 100
Ranks = list[tuple[str, int]]
_STANDINGS: Final = """
SELECT board_id, season, player_id, score FROM board_standing WHERE campaign_id = $1 AND score > 0
ORDER BY board_id, season, score DESC, reached_ms, player_id
"""
# The wheel covers nothing: each draw counts at once.
_MISCOUNTED: Final = """
SELECT player_id, d.draws, s.score
FROM (SELECT player_id, count(*) AS draws FROM draw JOIN play USING (campaign_id, play_id)
      WHERE campaign_id = $1 GROUP BY player_id) AS d
FULL JOIN (SELECT player_id, score FROM board_standing
           WHERE campaign_id = $1 AND board_id = 'draws' AND score > 0) AS s USING (player_id)
WHERE d.draws IS DISTINCT FROM s.score ORDER BY player_id
"""


async def ranked_wrong(people: People, campaign_id: str) -> list[str]:
    """The seasons that do not come to show who stands where, in the one order there is; miscounted draws."""
    wanted: defaultdict[tuple[str, str], Ranks] = defaultdict(list)
    for row in await people.resources.pool.fetch(_STANDINGS, campaign_id):
        shown_as = alias(campaign_id, row["player_id"])
        wanted[row["board_id"], row["season"]].append((shown_as, row["score"]))
    miscounted = await people.resources.pool.fetch(_MISCOUNTED, campaign_id)
    found = [f"{row['player_id']} has made {row['draws']} draws, not {row['score']}" for row in miscounted]
    for which, ranks in wanted.items():
        shown = await _shown(people, campaign_id, *which, wanted=ranks)
        if shown != ranks:
            found.append(f"{which} shows {shown}, not {ranks}")
    return found


async def _shown(people: People, campaign_id: str, board_id: str, season: str, *, wanted: Ranks) -> Ranks:
    path = f"/v1/campaigns/{campaign_id}/boards/{board_id}/top?season={season}&limit={SHOWN_MAX}"

    async def read() -> Ranks:
        ranks = (await people.anybody.get(path)).read(TopView, status=200).ranks
        assert [each.rank for each in ranks] == list(range(1, len(ranks) + 1))
        return [(each.alias, each.score) for each in ranks]

    return await eventually(read, lambda ranks: ranks == wanted)
