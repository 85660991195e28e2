"""The stages of the plays' tests, for whoever attacks them; at the end of each test all is audited."""

from tests.plays.conftest import app, backstage, entropy, guest, resources, stage

__all__ = ["app", "backstage", "entropy", "guest", "resources", "stage"]
