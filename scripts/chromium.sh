#!/bin/sh
# Bring a Chromium for the browser tests: the machine's own, else Debian's
# package, else Playwright's download. Never fails: the tests say what is missing.
set -u
cd "$(dirname "$0")/.."
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
[ -n "${ATTACKVIZ_CHROMIUM:-}" ] && exit 0
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo -n"; fi
    echo "chromium: installing Debian's package"
    if $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; then
        exit 0
    fi
fi
echo "chromium: trying Playwright's own download"
.venv/bin/python -m playwright install chromium || echo "chromium: none; browser tests will say so"
exit 0
