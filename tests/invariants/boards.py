"""What must hold of boards: scores are what happened, standings their sums, rewards what ranks earned."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from uuid import UUID

from tests.invariants.board_rows import Result, Season, Standing
from tests.invariants.facts import Facts

OF_DRAWS = frozenset({"draws", "points", "badges"})


def _ranked(facts: Facts) -> set[tuple[str, str]]:
    """The metrics that boards rank by, by campaign, as far as all that happened was looked at.

    What a run of days is worth only a fold can say; the oracle of streaks judges that.
    """
    return {
        (each.campaign_id, each.metric)
        for each in facts.rows.boards.seasons
        if (each.is_followed or each.metric not in OF_DRAWS) and not each.metric.startswith("streak:")
    }


def scores_are_what_happened(facts: Facts) -> Iterator[str]:
    """Each fact that a board ranks by is one score of its player, and nothing else is."""
    ranked = _ranked(facts)
    due = Counter(
        (each.campaign_id, each.player_id, each.metric, each.source, each.amount)
        for each in facts.rows.boards.facts
        if (each.campaign_id, each.metric) in ranked
    )
    held = Counter(
        (each.campaign_id, each.player_id, each.metric, each.source, each.amount)
        for each in facts.rows.boards.scores
        if (each.campaign_id, each.metric) in ranked
    )
    yield from (f"{each} happened, and does not count" for each in due - held)
    yield from (f"{each} counts, and did not happen" for each in held - due)


def standings_are_sums(facts: Facts) -> Iterator[str]:
    """In a season that is open whoever is added up stands at the sum of what counts in it, since the last."""
    held = {(*_place(each), each.player_id): each for each in facts.rows.boards.standings}
    for season in facts.rows.boards.seasons:
        if season.is_frozen:
            continue
        for player_id, (total, reached_ms) in _sums(facts, season).items():
            standing = held.get((*_place(season), player_id))
            found = (0, 0) if standing is None else (standing.score, standing.reached_ms)
            if found != (total, reached_ms):
                yield f"{player_id} stands at {found} in {season.season}, not at {(total, reached_ms)}"


def _sums(facts: Facts, season: Season) -> dict[UUID, tuple[int, int]]:
    sums: defaultdict[UUID, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for each in facts.rows.boards.scores:
        if (each.campaign_id, each.metric) != (season.campaign_id, season.metric) or each.is_due:
            continue
        if season.counts_from_ms <= each.at_ms < season.counts_until_ms:
            total, reached_ms = sums[each.player_id]
            sums[each.player_id] = (total + each.amount, max(reached_ms, each.at_ms))
    return sums


def results_are_the_first(facts: Facts) -> Iterator[str]:
    """The results of a season that is frozen are its first standings in order; no other has any."""
    for season in facts.rows.boards.seasons:
        standings = sorted(_standings(facts, season), key=_order)
        results = [
            (each.rank, each.player_id, each.score, each.reached_ms)
            for each in facts.rows.boards.results
            if _place(each) == _place(season)
        ]
        first = standings[: max(len(results), 1)] if season.is_frozen else []
        wanted = [(rank, s.player_id, s.score, s.reached_ms) for rank, s in enumerate(first, start=1)]
        if results != wanted:
            yield f"the results of {_place(season)} are {results}, not {wanted}"


def rewards_of_ranks_are_results(facts: Facts) -> Iterator[str]:
    """Each rank that was given its reward has it, under its own source; nobody else has one of a board."""
    given = Counter((r.campaign_id, r.player_id, r.source) for r in facts.rows.boards.results if r.is_given)
    held = Counter(
        (each.campaign_id, each.player_id, each.source)
        for each in facts.rows.rewards
        if each.source.startswith("board:")
    )
    yield from (f"{each} was noted as given, and is no reward" for each in given - held)
    yield from (f"{each} is a reward, and of no rank" for each in held - given)


def seasons_are_rewarded(facts: Facts) -> Iterator[str]:
    """A season that is done has given every rank what it is due."""
    done = {_place(each) for each in facts.rows.boards.seasons if each.is_rewarded}
    for each in facts.rows.boards.results:
        if _place(each) in done and each.is_due and not each.is_given:
            yield f"rank {each.rank} of {_place(each)} has no reward"


def _standings(facts: Facts, season: Season) -> list[Standing]:
    return [each for each in facts.rows.boards.standings if _place(each) == _place(season) and each.score]


def _order(standing: Standing) -> tuple[int, int, bytes]:
    return -standing.score, standing.reached_ms, standing.player_id.bytes


def _place(row: Season | Standing | Result) -> tuple[str, str, str]:
    return row.campaign_id, row.board_id, row.season


BOARDS = (
    scores_are_what_happened,
    standings_are_sums,
    results_are_the_first,
    rewards_of_ranks_are_results,
    seasons_are_rewarded,
)
