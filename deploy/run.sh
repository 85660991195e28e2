#!/bin/sh
# Installs what is needed and runs everything on this machine; options are those of `playfair dev`.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
sh "$root/deploy/install.sh"
exec "$root/.venv/bin/python" -P -m game dev "$@"
