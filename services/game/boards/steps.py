"""What every process does again and again for boards."""

from typing import Final

from game.boards.folding import fold_scores
from game.boards.freezing import freeze_seasons
from game.boards.mending import mend_boards
from game.boards.rewarding import reward_seasons
from game.scores.following import follow_logs
from game.worker import Step

STEPS: Final = (
    Step(name="scores.follow", run=follow_logs, interval_ms=1_000),
    Step(name="scores.fold", run=fold_scores, interval_ms=500),
    Step(name="seasons.freeze", run=freeze_seasons, interval_ms=5_000),
    Step(name="seasons.reward", run=reward_seasons, interval_ms=5_000),
    Step(name="boards.mend", run=mend_boards, interval_ms=2_000),
)
