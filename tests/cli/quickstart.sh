#!/bin/sh
# SPDX-License-Identifier: MIT
# quickstart.sh PROGRAMS: contrib/quickstart goes through, and a second time it finds nothing to do.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/zoneseal-quickstart.XXXXXX")
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
export ZONESEAL_PROGRAMS="$1"

"$here/contrib/quickstart" "$folder" >"$folder/first" 2>&1 || { cat "$folder/first"; exit 1; }
cp "$folder/published/example.zone" "$folder/before"
"$here/contrib/quickstart" "$folder" >"$folder/second" 2>&1 || { cat "$folder/second"; exit 1; }
cat "$folder/second"

want() { # what, in which file
	grep -qF "$1" "$folder/$2" || { echo "the $2 run does not say: $1"; exit 1; }
}
want "published (first publication)" first
want "Zone is verified and complete" first
want "Zone fully signed" first
want "IN DS" first
want "up to date" second
cmp "$folder/before" "$folder/published/example.zone"
