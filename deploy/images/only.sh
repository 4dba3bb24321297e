#!/bin/sh
# only.sh SERVICE FOLDER: of the program in FOLDER, what this service's image needs. Services are islands: none has
# another's code. `cli` migrates, tests and tells of all of them, so it has all.
set -eu
[ "$1" = cli ] && exit 0
cd "$2"
rm -r haetae migrations deploy
find services -mindepth 1 -maxdepth 1 -type d ! -name "$1" -exec rm -r {} +
case "$1" in evidence | gateway) ;; *) rm -r haetae_verify ;; esac
