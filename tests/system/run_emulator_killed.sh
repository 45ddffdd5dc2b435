#!/bin/sh
# Kills the emulator of a running cluster by SIGKILL; the status and the last line are those of
# tools/cmk run.
name=emulator-killed-$$
tools/cmk run --qemu "-name $name" --kernel build/system/kernels/silent.elf &
tool=$!
until emulator=$(ps -o pid=,args= -e | grep "[q]emu-system-x86_64 .*-name $name" |
    grep -v setpriv | awk '{ print $1 }') &&
    [ -n "$emulator" ]; do
    sleep 0.1 # the test's own limit ends this
done
kill -KILL "$emulator"
wait $tool
