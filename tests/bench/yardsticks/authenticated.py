"""A trivial POST with our authentication: `python -m tests.bench.yardsticks.authenticated PORT`."""

from litestar import Litestar

from tests.bench.trivial import play
from tests.bench.yardsticks.door import guarded, serve


def application() -> Litestar:
    """The application, over the database that the environment names."""
    return guarded(play)


if __name__ == "__main__":
    serve("tests.bench.yardsticks.authenticated")
