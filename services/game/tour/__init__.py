"""`playfair tour`: twenty players play, share, review, check in and collect, and then check everything."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from game import demo
from game.embedded.folder import held_folder
from game.embedded.ports import free_port
from game.embedded.secrets import keep_secrets
from game.embedded.stack import EXPECTED, running_stack
from game.fair.findings import Finding
from game.tour.client import UnexpectedAnswerError
from game.tour.story import tell

# All players share an address here, and are faster than people.
REQUESTS_PER_SECOND = 100_000


def main(arguments: list[str]) -> int:
    """Run the tour; 0 when everything agrees, else 1."""
    parser = argparse.ArgumentParser(prog="playfair tour", description=__doc__)
    parser.add_argument("--workers", default="1", help="processes of the service (1)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("Playfair tour, on free ports and with data that are thrown away")
    try:
        return _run(_environment(options.workers))
    except KeyboardInterrupt:
        print("\nStopped.")
    except EXPECTED as error:
        print(f"\nplayfair tour: {error}", file=sys.stderr)
    return 1


def _run(environment: dict[str, str]) -> int:
    with TemporaryDirectory(prefix="playfair-tour-") as place:
        # The user nobody must pass through, where PostgreSQL runs as nobody.
        Path(place).chmod(0o711)
        with held_folder(Path(place)) as folder:
            secrets = keep_secrets(folder.path)
            with running_stack(folder, secrets, environment, store_brand=demo.keep_brand) as stack:
                try:
                    return 1 if asyncio.run(tell(stack.settings, secrets.issuer())) else 0
                except (UnexpectedAnswerError, Finding) as error:
                    service, *_ = stack.children
                    print(f"\n{error}\nThe end of the service's log:\n{service.log_tail()}", file=sys.stderr)
    return 1


def _environment(workers: str) -> dict[str, str]:
    """Ours without the settings of any other service."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLAYFAIR_")}
    return kept | {
        "PLAYFAIR_PORT": str(free_port()),
        "PLAYFAIR_WORKERS": workers,
        "PLAYFAIR_REQUESTS_PER_PLAYER": str(REQUESTS_PER_SECOND),
        "PLAYFAIR_REQUESTS_PER_ADDRESS": str(REQUESTS_PER_SECOND),
        "PLAYFAIR_EVENTS_PER_SOURCE": str(REQUESTS_PER_SECOND),
    }
