"""`python -m sandbox_ledger`: run the ledger; `python -m sandbox_ledger openapi`: print its contract."""

import os
import sys
from typing import Final

import uvicorn

from sandbox_ledger import openapi, settings
from sandbox_ledger.app import create_app

CONCURRENCY_MAX: Final = 512
GRACE_SECONDS: Final = 10


def main(arguments: list[str]) -> int:
    """The exit code: 0, or 2 when the settings or the arguments are wrong."""
    if arguments == ["openapi"]:
        sys.stdout.buffer.write(openapi.document())
        return 0
    try:
        found = settings.read(os.environ)
    except settings.SettingsError as error:
        print(f"sandbox_ledger: {error}", file=sys.stderr)
        return 2
    return _serve(found)


def _serve(found: settings.Settings) -> int:
    app = create_app(
        database_url=found.database_url,
        token=found.token,
        faults=found.faults,
        points_ttl_days=found.points_ttl_days,
    )
    uvicorn.run(
        app,
        host=found.host,
        port=found.port,
        access_log=False,
        log_level="warning",
        limit_concurrency=CONCURRENCY_MAX,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
