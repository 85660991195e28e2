# Every target installs what it needs into .venv first. `make` alone explains them.

python := .venv/bin/python -P
workers ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test test-slow simulate torment bench bench-check bench-record lint types arrows openapi openapi-check coverage rules-check lock ci clean install-dev

help: ## Explain the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Run everything on this machine; options: make run ARGS="--fresh --port 8001"
	@sh deploy/run.sh --with-parent $(ARGS)

test: install-dev ## Run the tests; options: make test ARGS="tests/db -k migrate"
	@$(python) -m pytest -q -n $(workers) -m "not slow" $(ARGS)

test-slow: install-dev ## Run the tests that take long
	@$(python) -m pytest -q -m slow $(ARGS)

SEEDS ?= 2000
START ?= 0
WORKERS ?= 2
simulate: install-dev ## Simulate plays and events by seeds; options: make simulate SEEDS=2000 START=0 WORKERS=2 TRACE=1
	@PYTHONPATH=. $(python) -m tests.simulation --seeds $(SEEDS) --start $(START) --workers $(WORKERS) \
		$(if $(EVENTS),--events $(EVENTS)) $(if $(TRACE),--trace)

KILLS ?= 200
SEED ?= 1
PLAYERS ?= 12
torment: install-dev ## Kill real processes under load; options: make torment KILLS=200 SEED=1 PLAYERS=12
	@PYTHONPATH=. $(python) -m tests.torment --kills $(KILLS) --seed $(SEED) --players $(PLAYERS)
	@$(python) -m pytest -q -s -m slow tests/torment

bench: install-dev ## Measure speed and cost against yardsticks; options: make bench ARGS="events --rounds 3"
	@PYTHONPATH=. $(python) -m tests.bench $(ARGS)

bench-check: install-dev ## Compare ratios to yardsticks with the recorded ones; options: make bench-check ARGS="plays"
	@PYTHONPATH=. $(python) -m tests.bench.check $(ARGS)

bench-record: install-dev ## Record the ratios that bench-check compares with
	@PYTHONPATH=. $(python) -m tests.bench.check --record $(ARGS)

lint: install-dev ## Check style and format
	@$(python) -m ruff check .
	@$(python) -m ruff format --check .

types: install-dev ## Check types
	@$(python) -m mypy

arrows: install-dev ## Check that imports run one way
	@.venv/bin/lint-imports

openapi: install-dev ## Export the OpenAPI documents
	@$(python) -m game openapi > openapi/game.json
	@$(python) -m sandbox_ledger openapi > openapi/ledger.json

openapi-check: install-dev ## Check that the exported OpenAPI documents are those of the code
	@$(python) -m game openapi | diff -u openapi/game.json - || { echo "Run make openapi." >&2; exit 1; }
	@$(python) -m sandbox_ledger openapi | diff -u openapi/ledger.json - || { echo "Run make openapi." >&2; exit 1; }

coverage: install-dev ## Run the tests with branch coverage
	@$(python) -m coverage run -m pytest -q -m "not slow" $(ARGS)
	@$(python) -m coverage report --skip-covered

game := services/game
rules := $(game)/fair/*,$(game)/*/rules.py,$(game)/plays/settling.py,$(game)/plays/drawing.py
rules := $(rules),$(game)/badges/odds.py,$(game)/badges/chances.py,$(game)/badges/checks.py
rules := $(rules),$(game)/tasks/checks.py,$(game)/tasks/completing.py,$(game)/tasks/windows.py
rules := $(rules),$(game)/tasks/days.py,$(game)/tasks/streaks.py
rules := $(rules),$(game)/prizes/reward_rules.py,$(game)/ledger/comparing.py
rules := $(rules),$(game)/webhooks/signing.py,$(game)/webhooks/declaring.py
rules := $(rules),$(game)/passcodes.py,$(game)/boards/groups/rules.py
rules := $(rules),$(game)/webhooks/out/rules.py,$(game)/webhooks/out/guard.py,$(game)/fit/*
pure_tests := tests/fair tests/fit tests/audit tests/outbox tests/*/test_rules.py tests/attack/test_secrets.py
pure_tests += tests/plays/test_settling.py tests/plays/test_drawing.py
pure_tests += tests/badges/test_odds.py tests/badges/test_chances.py tests/badges/test_checks.py
pure_tests += tests/tasks/test_checks.py tests/tasks/test_completing.py tests/tasks/test_windows.py
pure_tests += tests/tasks/test_days.py tests/tasks/test_streaks.py
pure_tests += tests/prizes/test_reward_rules.py tests/reconcile/test_comparing*.py
pure_tests += tests/service/test_passcodes.py tests/boards/test_groups_rules.py
pure_tests += tests/webhooks/test_signing*.py tests/webhooks/out/test_rules.py tests/webhooks/out/test_guard.py
rules-check: install-dev ## Check that the tests reach every branch of the draws and the rules
	@$(python) -m coverage run -m pytest -q -m "not slow" $(pure_tests)
	@$(python) -m coverage report --include='$(rules)' --skip-covered --show-missing --fail-under=100

lock: ## Write the lock files from pyproject.toml (needs uv)
	@sh deploy/lock.sh

ci: ## Do what CI does
	@.ci/run

clean: ## Remove .venv and what the tools left behind
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage* dist
	find services tests -name __pycache__ -type d -prune -exec rm -rf {} +

install-dev:
	@sh deploy/install.sh dev
