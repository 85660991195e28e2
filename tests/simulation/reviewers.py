"""People who decide about completions, now and then, and about all of them in the end."""

from game.resources import Resources
from tests.simulation.trace import Trace
from tests.story.deciding import do, to_do

ROUNDS_MAX = 200


async def decide_one(resources: Resources, campaign_id: str, trace: Trace) -> bool:
    """Decide about the oldest completion that waits; whether there was one."""
    for each in await to_do(resources.pool, campaign_id):
        trace.note(f"{each.action} {each.completion_id} {each.generation}")
        await do(resources, campaign_id, each)
        return True
    return False


async def decide_all(resources: Resources, campaign_id: str, trace: Trace) -> None:
    """Decide until nothing waits."""
    for _ in range(ROUNDS_MAX):
        if not await decide_one(resources, campaign_id, trace):
            return
    raise AssertionError("there is always something to decide")
