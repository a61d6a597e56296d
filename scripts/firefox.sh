#!/bin/sh
# Bring a Firefox for the browser tests: the machine's own, else Debian's
# package. Never fails: the tests say what is missing.
set -u
for name in firefox-esr firefox; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo -n"; fi
    echo "firefox: installing Debian's package"
    if $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq firefox-esr >/dev/null; then
        exit 0
    fi
fi
echo "firefox: none; its tests will say so. Install firefox-esr 140 or newer to run them"
exit 0
