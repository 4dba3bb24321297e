#!/usr/bin/env bash
# promtool into .venv/bin, where none is installed: out of Debian's package of Prometheus, which is unpacked and not
# installed (it would start a server). Needs apt and 20 MB.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v promtool >/dev/null && exit 0
[ -x .venv/bin/promtool ] && exit 0
command -v apt-get >/dev/null || { echo "promtool is missing: install Prometheus (it brings promtool)" >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -qq download prometheus >/dev/null 2>&1 || { apt-get -qq update >/dev/null 2>&1 || true; apt-get -qq download prometheus >/dev/null; }
dpkg -x prometheus_*.deb .
install -m 0755 usr/bin/promtool "$OLDPWD/.venv/bin/promtool"
