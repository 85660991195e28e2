"""`make torment`: kill real processes under a load of plays and events, and prove that no point was lost."""

import argparse
import asyncio
import logging
import shutil
import sys
from pathlib import Path
from tempfile import mkdtemp

from tests.support.databases import place_for_clusters
from tests.torment.run import Plan, torment

KILLS, PLAYERS = 200, 12
# Few enough draws in each that a run sells packs out, and enough that there is always something to play.
KILLS_PER_PLACE = 50
# A credit in doubt is due again after half a minute, and may be in doubt once more.
QUIET_SECONDS = 90.0


def main() -> int:
    """The exit code: 0 when all is well."""
    parser = argparse.ArgumentParser(prog="make torment", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what the order of faults and kills follows from")
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--players", type=int, default=PLAYERS)
    given = parser.parse_args()
    plan = Plan(
        seed=given.seed,
        kills=given.kills,
        players=given.players,
        places=1 + given.kills // KILLS_PER_PLACE,
        quiet_seconds=QUIET_SECONDS,
        later=False,
    )
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)  # the checker's own pool sees the outages too
    folder = Path(mkdtemp(prefix="playfair-torment-", dir=place_for_clusters()))
    result = asyncio.run(torment(folder, plan, lambda line: print(line, flush=True)))
    print("\n".join(result.figures))
    if result.violations:
        print("\n".join(["", *result.violations, f"The processes' logs are in {folder}."]))
        print(f"Again: make torment SEED={plan.seed} KILLS={plan.kills} PLAYERS={plan.players}")
        return 1
    shutil.rmtree(folder)
    print("All is well.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
