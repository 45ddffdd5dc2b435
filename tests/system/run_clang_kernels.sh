#!/bin/sh
# Builds both kernels with clang, in a copy of the tree, and boots each: two nodes that say hello,
# and the conformance suite on two CPUs.
set -eu
work=$(pwd)/build/system/clang-$$
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
tar --exclude=./build --exclude=./.git --exclude=./docs -cf - . | tar -xf - -C "$work"
make -s -C "$work" CC=clang kernel >/dev/null
for kind in debug release; do
    kernel=$work/build/$kind/cmk.elf
    readelf --string-dump=.debug_str "$kernel" | grep -q "clang version" ||
        { echo "$kind: not built by clang"; exit 1; }
    tools/cmk run --smp 2 --config nodes=2 --kernel "$kernel" "build/user/hello.elf node=all"
    tools/cmk run --smp 2 --qemu "-icount shift=6,sleep=off" --kernel "$kernel" \
        "build/system/programs/conformance.elf emulated-time"
    echo "$kind: good"
done
