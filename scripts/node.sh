#!/bin/sh
# Bring node and npm for the player's unit tests and bundle: the machine's own
# if 20 or newer, else a pinned Python wheel in .venv. Then the pinned packages.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/' || true)
if [ "${major:-0}" -lt 20 ] || ! command -v npm >/dev/null 2>&1; then
    .venv/bin/python -m pip install --quiet --require-hashes -r requirements/node.txt
fi
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --silent --no-audit --no-fund
    touch node_modules/.package-lock.json
fi
