#!/bin/sh
# Builds both kernels in two copies of the tree, at places of different length, and compares them with each other.
set -eu
work=$(pwd)/build/system/reproducible-$$
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/a" "$work/another"
cp -R Makefile linker.ld boot node cluster kernel arch include tools user "$work/a"
cp -R "$work/a" "$work/another/place"
for place in a another/place; do
    make -s -C "$work/$place" kernel >/dev/null
done
for kind in debug release; do
    cmp "$work/a/build/$kind/cmk.elf" "$work/another/place/build/$kind/cmk.elf"
    echo "$kind: identical"
done
