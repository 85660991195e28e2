"""Tasks that players complete, as brands are told of them."""

from game.tasks.completing import Completion
from game.webhooks.out.outbox import Message


def completed(completion: Completion) -> Message:
    """What is told of a completion that nobody has to decide about any more.

    One that is withdrawn, which nobody is told, and earned again is told again, as another `generation` of
    the same `completion`. Not `is_rewarded`: no place was left for it.
    """
    return Message(
        campaign_id=completion.key.campaign_id,
        type="task.completed",
        player_id=completion.key.player_id,
        data={
            "task": completion.key.task_id,
            "completion": str(completion.completion_id),
            "nth": completion.nth,
            "generation": completion.generation,
            "is_rewarded": completion.state == "rewarded",
        },
    )
