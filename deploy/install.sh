#!/bin/sh
# Installs this checkout into .venv from the lock: `sh deploy/install.sh` to run it, `sh deploy/install.sh dev`
# to work on it. Does nothing when neither a lock nor pyproject.toml changed since the last time.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv=$root/.venv
kind=${1:-run}
case $kind in
run) lock=$root/deploy/requirements.lock ;;
dev) lock=$root/deploy/requirements-dev.lock ;;
*) echo "usage: sh deploy/install.sh [run|dev]" >&2 && exit 2 ;;
esac

fail() {
    printf 'install: %s\n' "$1" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for name in python3.13 python3.12 python3.11 python3 python3.14; do
        if new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
}

make_venv() {
    [ -w "$root" ] || fail "$root cannot be written to: copy the checkout to a folder of your own."
    python=$(find_python)
    if command -v uv >/dev/null 2>&1; then
        echo "Making .venv with uv"
        uv venv --quiet --clear --python "${python:-3.12}" "$venv" && return
        fail "uv could not make $venv (above it says why)."
    fi
    [ -n "$python" ] || fail "Python 3.11 or newer is needed, and $(python3 --version 2>&1 || echo none) is here. \
Install it, or install uv (https://docs.astral.sh/uv), which brings its own."
    echo "Making .venv with $python"
    rm -rf "$venv"
    "$python" -m venv "$venv" || fail "$python cannot make a virtual environment. On Debian and Ubuntu: \
apt install python3-venv. Without root: install uv (https://docs.astral.sh/uv), and run this again."
}

pip_install() {
    if command -v uv >/dev/null 2>&1; then
        uv pip install --python "$venv/bin/python" "$@"
    else
        "$venv/bin/python" -m pip install --disable-pip-version-check --no-input "$@"
    fi
}

install_locked() {
    pip_install --require-hashes --requirement "$lock" &&
        pip_install --no-deps --no-build-isolation --editable "$root"
}

# A dot for every second; what the installer says is shown when it fails.
install_with_progress() {
    printf 'Installing %s, up to a minute the first time ' "${lock#"$root"/}"
    log=$venv/install.log
    install_locked >"$log" 2>&1 &
    installer=$!
    trap 'kill "$installer" 2>/dev/null; exit 130' INT TERM
    while kill -0 "$installer" 2>/dev/null; do
        printf .
        sleep 1
    done
    echo
    wait "$installer" && return
    tail -n 30 "$log" >&2
    fail "the packages could not be installed; the end of $log is above."
}

state="$(cat "$root/pyproject.toml" "$root"/deploy/*.lock | cksum) $root"
installed() {
    [ "$(cat "$venv/installed-$1" 2>/dev/null)" = "$state" ]
}

# One that uv made has no pip, and is of no use once uv is gone.
has_installer() {
    command -v uv >/dev/null 2>&1 || "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

if new_enough "$venv/bin/python" && has_installer; then
    # What was installed to work on it also runs it.
    if installed "$kind" || installed dev; then exit 0; fi
else
    make_venv
fi
rm -f "$venv"/installed-*
install_with_progress
printf '%s' "$state" >"$venv/installed-$kind"
