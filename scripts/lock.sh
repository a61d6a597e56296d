#!/bin/sh
# Write the pinned requirements from pyproject.toml: hashes, no addresses, no paths.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
"$python" -c 'import uv' 2>/dev/null || "$python" -m pip install --quiet uv

lock() {
    out=$1
    shift
    "$python" -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --output-file "requirements/$out.txt" "$@" >/dev/null
}
lock base pyproject.toml --group build
lock dev pyproject.toml --extra notebook --group dev
lock bench pyproject.toml --extra notebook --group dev --group bench
lock node --group node
