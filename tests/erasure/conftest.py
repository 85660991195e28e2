"""A running application, its campaigns audited at the end."""

from tests.plays.conftest import app, backstage, entropy, guest, resources, stage

__all__ = ["app", "backstage", "entropy", "guest", "resources", "stage"]
