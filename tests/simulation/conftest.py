"""Fixtures: where seeds play."""

from collections.abc import Iterator

import pytest

from tests.simulation.setting import Setting, settings
from tests.support.databases import Databases


@pytest.fixture(scope="package")
def setting(databases: Databases) -> Iterator[Setting]:
    """A launched campaign, of which every seed gets a copy."""
    with settings(databases) as made:
        yield made
