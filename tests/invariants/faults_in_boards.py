"""Faults of boards: what happened does not count, ranks are wrong, rewards went astray."""

from tests.invariants import boards
from tests.invariants.plants import trips
from tests.invariants.scene import Scene

_FIRST = "(SELECT player_id FROM player WHERE subject = 'zoe')"
_OPEN = "season = '2026-09-21'"
_FROZEN = "season = '2026-09-20'"


@trips(boards.scores_are_what_happened)
async def a_fact_does_not_count(scene: Scene) -> None:
    """It was told, and its score was lost, before anything was added up again."""
    await scene.execute(
        "INSERT INTO task_contribution SELECT campaign_id, task_id, gen_random_uuid(), player_id,"
        " window_start, 5 FROM task_contribution LIMIT 1"
    )


@trips(boards.scores_are_what_happened)
async def a_score_is_of_nothing(scene: Scene) -> None:
    """Nothing has happened, and it counts in a season that is over."""
    await scene.execute(
        "INSERT INTO score SELECT campaign_id, player_id, metric, 'x', 1, 1 FROM score"
        f" WHERE player_id = {_FIRST} LIMIT 1"
    )


@trips(boards.scores_are_what_happened)
async def a_reversal_is_forgotten(scene: Scene) -> None:
    """What was taken back counts."""
    await scene.execute(
        f"UPDATE task_contribution SET reversed_ms = 1 WHERE player_id = {_FIRST} AND amount = 10"
    )


@trips(boards.standings_are_sums)
async def a_standing_is_too_high(scene: Scene) -> None:
    """By one."""
    await scene.execute(f"UPDATE board_standing SET score = score + 1 WHERE {_OPEN} AND player_id = {_FIRST}")


@trips(boards.standings_are_sums)
async def a_standing_was_reached_sooner(scene: Scene) -> None:
    """Than its last score."""
    await scene.execute(
        f"UPDATE board_standing SET reached_ms = reached_ms - 1 WHERE {_OPEN} AND player_id = {_FIRST}"
    )


@trips(boards.results_are_the_first)
async def the_first_were_exchanged(scene: Scene) -> None:
    """Somebody else was first, and nobody has changed the rewards."""
    await scene.execute(f"UPDATE board_standing SET score = 100 WHERE {_FROZEN} AND score = 10")


@trips(boards.results_are_the_first)
async def an_open_season_has_results(scene: Scene) -> None:
    """Nobody knows who will be first."""
    await scene.execute(
        "INSERT INTO board_result SELECT campaign_id, board_id, '2026-09-21', rank, player_id, score,"
        f" reached_ms, false FROM board_result WHERE {_FROZEN} AND rank = 1"
    )


@trips(boards.rewards_of_ranks_are_results)
async def a_reward_went_to_another(scene: Scene) -> None:
    """The noted rank is somebody else's; what was given stands."""
    await scene.execute(
        "UPDATE reward SET source = 'board:best:2026-09-20:3' WHERE source = 'board:best:2026-09-20:2'"
    )


@trips(boards.seasons_are_rewarded, boards.rewards_of_ranks_are_results)
async def a_rank_was_left_out(scene: Scene) -> None:
    """The season is done, and a rank is not noted as given."""
    await scene.execute(f"UPDATE board_result SET given_ms = NULL WHERE {_FROZEN} AND rank = 2")


@trips(boards.rewards_of_ranks_are_results)
async def a_reward_is_of_no_rank(scene: Scene) -> None:
    """It is of a season that is still open."""
    await scene.execute(
        "UPDATE reward SET source = 'board:best:2026-09-21:1' WHERE source = 'task:points:kept'"
    )
