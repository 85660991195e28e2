"""Schemathesis: whatever is sent, the answer is one that the OpenAPI document shows, and never a 5xx."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from game.app import CONTROLLERS, build_app
from game.auth import Role
from game.document import document
from game.resources import system_clock
from ledger_client.testing import FakeLedger
from tests.service.world import World
from tests.support.app import settings_for
from tests.support.databases import Databases
from tests.support.server import serving
from tests.support.tokens import Issuer

EXAMPLES = 30
SLOW = list(HealthCheck)
SCHEMA = schemathesis.openapi.from_dict(msgspec.json.decode(document(CONTROLLERS)))
OPERATIONS = [(path, method) for path in SCHEMA for method in SCHEMA[path]]
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def world(databases: Databases, migrated_template: str, redis_server_url: str) -> Iterator[World]:
    """The service with a live wheel, and a play and a prize of somebody who has every role."""
    issuer, ledger = Issuer("acme"), FakeLedger(now_ms=system_clock)
    with databases.made(migrated_template) as database_url:
        databases.wait_for(issuer.insert_brand(database_url))
        app = build_app(settings_for(database_url, redis_server_url), ledger=ledger)
        with serving(app) as url:
            made = World(url, issuer.headers("ann", *(role.value for role in Role)), ledger)
            made.stage(subject="acme.ann")
            yield made


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_documented(path: str, method: str, world: World) -> None:
    """Well-formed and malformed requests; half of the ids they name are of things that exist."""
    operation = SCHEMA[path][method]

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=SLOW
    )
    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    )
    def answers(case: "schemathesis.Case[Any]") -> None:
        for name, value in case.path_parameters.items():
            if name in world.ids and len(str(value)) % 2 == 0:
                case.path_parameters[name] = world.ids[name]
        case.call_and_validate(base_url=world.url, headers=world.headers, checks=CHECKS)

    answers()
