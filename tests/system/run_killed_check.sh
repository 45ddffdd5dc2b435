#!/bin/sh
# tools/cmk run, ended by SIGTERM and by SIGKILL, must take its emulator with it.
set -u
emulators()
{
    # Ours are known by their name.
    ps -o args= -e | grep "[q]emu-system-x86_64 .*-name killed-check-$$" | grep -vc setpriv
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
