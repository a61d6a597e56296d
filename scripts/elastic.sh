#!/bin/sh
# Bring the Elasticsearch servers of the tests (9.5.3 unless versions are given) from Maven Central to the user's cache,
# once: 132 MB; 1.2 GB with the others of `make soak`. Never fails: the tests say what is missing.
set -u
cd "$(dirname "$0")/.."
[ -n "${ES_URL:-}" ] && exit 0 # the tests use that cluster
.venv/bin/python tests/elastic/node.py fetch "${@:-9.5.3}"
exit 0
