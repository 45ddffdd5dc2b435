#!/bin/sh
# tools/cmk run, ended by SIGTERM and by SIGKILL, must take its emulator with it.
set -u
emulators()
{
    # Ours are those with the silent kernel's folder of this run on their command line.
    ps -o pid= -o args= -e | grep "[q]emu-system-x86_64 .*cmk-run-" | grep -c -- "-name killed-check-$$"
}
for signal in TERM KILL; do
    tools/cmk run --timeout 60 --qemu "-name killed-check-$$" --kernel build/system/kernels/silent.elf 2>/dev/null &
    tool=$!
    tries=100
    while [ "$(emulators)" = 0 ] && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
    [ $tries -gt 0 ] || { echo "the emulator did not start"; exit 1; }
    kill -$signal $tool
    wait $tool
    tries=50
    while [ "$(emulators)" != 0 ] && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
    [ $tries -gt 0 ] || { echo "an emulator outlived SIG$signal"; exit 1; }
    echo "SIG$signal: nothing is left"
done
