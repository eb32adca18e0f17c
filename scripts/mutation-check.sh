#!/usr/bin/env bash
# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
#
# Builds a copy of the store with one deliberate bug at a time and requires that the simulation notices each of them.
# Usage: scripts/mutation-check.sh [NAME...]; STEPS=10000 is how many crash states a bug may survive. What each failure looked
# like is in .build/mutations/NAME.log afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."

mutations=$PWD/Tests/Support/Mutations
tree=$PWD/.build/mutations
steps=${STEPS:-10000}

simulate() {
    swift build --package-path "$tree" -c release --product drydock-simulate >"$tree/build.log" 2>&1 ||
        { tail -20 "$tree/build.log" >&2; echo "drydock: the copy does not build" >&2; exit 2; }
    "$tree/.build/release/drydock-simulate" --seed 1 --steps "$steps" --jobs "$(nproc)" >"$tree/run.log" 2>&1
}

mkdir -p "$tree"
rm -rf "$tree/Sources" "$tree/Tests"
cp -a Package.swift Sources Tests "$tree/"

names=("$@")
[ "${#names[@]}" -gt 0 ] || for patch in "$mutations"/*.patch; do names+=("$(basename "$patch" .patch)"); done

printf '%-26s %8s  %s\n' bug states "caught because"
simulate || { tail -5 "$tree/run.log" >&2; echo "drydock: the store fails without a bug" >&2; exit 2; }
printf '%-26s %8s  %s\n' none "$(sed -n 's/.*seeds: \([0-9]*\) of .*/\1/p' "$tree/run.log")" "not caught, as it must be"

survivors=0
for name in "${names[@]}"; do
    patch --quiet --no-backup-if-mismatch --strip 0 --directory "$tree" <"$mutations/$name.patch"
    if simulate; then
        printf '%-26s %8s  %s\n' "$name" "$steps" "NOT CAUGHT"
        survivors=$((survivors + 1))
    else
        states=$(sed -n 's/.*seeds: \([0-9]*\) of .*/\1/p' "$tree/run.log")
        why=$(sed -n 's/^seed [0-9]* fails: .*\[\(.*\)\]$/\1/p' "$tree/run.log")
        printf '%-26s %8s  %s\n' "$name" "${states:-?}" "broken: ${why:-the program crashed}"
    fi
    mv "$tree/run.log" "$tree/$name.log"
    patch --quiet --no-backup-if-mismatch --reverse --strip 0 --directory "$tree" <"$mutations/$name.patch"
done
[ "$survivors" = 0 ] || { echo "drydock: $survivors bugs live on" >&2; exit 1; }
