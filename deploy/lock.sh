#!/bin/sh
# Writes the two lock files from pyproject.toml (needs uv). They carry hashes and no host: see
# docs/decisions/0001-lock-without-hosts.md.
set -eu

cd "$(dirname -- "$0")/.."
compile() {
    uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
        --generate-hashes --no-header --no-emit-index-url --quiet "$@"
}
compile --extra embedded --extra audit --output-file deploy/requirements.lock
compile --extra dev --constraint deploy/requirements.lock --output-file deploy/requirements-dev.lock
