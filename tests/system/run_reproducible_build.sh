#!/bin/sh
# Builds both kernels in two copies of the tree, at places of different length, one with a blank,
# and compares them with each other.
set -eu
work=$(pwd)/build/system/reproducible-$$
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/a" "$work/another with blanks"
tar --exclude=./build --exclude=./.git --exclude=./docs -cf - . | tar -xf - -C "$work/a"
cp -R "$work/a" "$work/another with blanks/place"
for place in a "another with blanks/place"; do
    make -s -C "$work/$place" kernel >/dev/null
done
for kind in debug release; do
    cmp "$work/a/build/$kind/cmk.elf" "$work/another with blanks/place/build/$kind/cmk.elf"
    echo "$kind: identical"
done
