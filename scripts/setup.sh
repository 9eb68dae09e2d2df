#!/bin/sh
# Create .venv in the clone and install the project with its development tools, once.
# The Makefile calls this when pyproject.toml or constraints.txt is newer than .venv/.stamp.
# PYTHON=/path/to/python chooses the interpreter; otherwise the first suitable one on PATH is taken.
set -eu
cd "$(dirname "$0")/.."

suitable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:+"$PYTHON"} python3.12 python3.13 python3.11 python3.14 python3 python; do
        if suitable "$candidate"; then
            command -v "$candidate"
            return 0
        fi
        if [ "$candidate" = "${PYTHON:-}" ]; then
            echo "PYTHON=$PYTHON cannot be used." >&2
            break
        fi
    done
    cat >&2 <<'MESSAGE'
No suitable Python found. This project needs Python 3.11, 3.12, 3.13 or 3.14 with the venv module.
  Debian, Ubuntu:  sudo apt-get install python3 python3-venv
  Fedora:          sudo dnf install python3.12
  macOS:           brew install python@3.12
Or name one: make test PYTHON=/path/to/python3.12
MESSAGE
    return 1
}

# An environment whose interpreter is gone or whose clone was moved or copied is made anew.
if ! suitable .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1 ||
    [ "$(.venv/bin/python -c 'import os, sys; print(os.path.realpath(sys.prefix))')" != "$(pwd -P)/.venv" ] ||
    [ "$(cat .venv/.location 2>/dev/null)" != "$(pwd -P)" ]; then
    python=$(find_python)
    echo "Creating .venv with $python ($("$python" -V))"
    rm -rf .venv
    "$python" -m venv .venv
    pwd -P >.venv/.location
fi

# The builds pip isolates (our own, with hatchling) get the same versions: older pips read PIP_CONSTRAINT there, newer
# ones PIP_BUILD_CONSTRAINT. Relative, because pip splits these variables at blanks. The cache stays in the clone.
export PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CACHE_DIR="${PIP_CACHE_DIR:-$PWD/.cache/pip}"
unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_VIRTUALENV

echo "Installing Airflow, the provider and the development tools into .venv (a few minutes the first time)"
.venv/bin/python -m pip install --quiet --editable '.[dev]' --constraint constraints.txt
touch .venv/.stamp
