"""Where the servers under test keep their files."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach and write to, which pytest's own are not."""
    with TemporaryDirectory(prefix="playfair-") as made:
        Path(made).chmod(0o777)
        yield Path(made)
