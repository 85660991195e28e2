"""A running application that has something of all that is sealed."""

from tests.attack.test_brands import places
from tests.plays.conftest import app, backstage, entropy, guest, resources, stage

__all__ = ["app", "backstage", "entropy", "guest", "places", "resources", "stage"]
