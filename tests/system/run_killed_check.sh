#!/bin/sh
# tools/cmk run, ended by SIGTERM and by SIGKILL, must take its emulator with it.
set -u
emulators()
{
    # Ours are known by their name.
    ps -o args= -e | grep "[q]emu-system-x86_64 .*-name killed-check-$$" | grep -vc setpriv
}
for signal in TERM KILL; do
    tools/cmk run --patience 600 --qemu "-name killed-check-$$" \
        --kernel build/system/kernels/silent.elf 2>/dev/null &
    tool=$!
    while [ "$(emulators)" = 0 ]; do sleep 0.1; done # the test's own limit ends this
    kill -$signal $tool
    wait $tool
    while [ "$(emulators)" != 0 ]; do sleep 0.1; done # and this, if an emulator outlives the signal
    echo "SIG$signal: nothing is left"
done
