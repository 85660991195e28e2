"""What every process does again and again about plays, their points and their pools."""

from functools import partial
from typing import Final

import aiohttp

from game.audit.beacon import fetch_beacons
from game.campaigns.closing import close_pools
from game.campaigns.replacement import publish_replacements
from game.ledger.measuring import MEASURE_MS, measure
from game.ledger.reconcile import RECONCILE_MS, reconcile
from game.plays.engine import Engine
from game.plays.review_notice import tell_of_reviews
from game.plays.sweep import DRAIN_SHARE, Drain, log_beacon
from game.resources import Resources
from game.worker import Step

SWEEP_MS: Final = 1_000
FETCH_BEACONS_MS: Final = 500


def play_steps(engine: Engine, session: aiohttp.ClientSession, drain: Drain) -> tuple[Step, ...]:
    """The steps of a process with its engine, and what works off what outages leave."""

    async def fetch(resources: Resources) -> int:
        return await fetch_beacons(resources, session, partial(log_beacon, engine))

    return (
        Step(name="ledger.drain", run=drain, interval_ms=SWEEP_MS, share=DRAIN_SHARE),
        Step(name="ledger.reconcile", run=reconcile, interval_ms=RECONCILE_MS),
        Step(name="ledger.measure", run=measure, interval_ms=MEASURE_MS),
        Step(name="beacons.fetch", run=fetch, interval_ms=FETCH_BEACONS_MS),
        Step(name="pools.replace", run=publish_replacements, interval_ms=SWEEP_MS),
        Step(name="pools.close", run=close_pools, interval_ms=SWEEP_MS),
        Step(name="reviews.tell", run=tell_of_reviews, interval_ms=5_000),
    )
