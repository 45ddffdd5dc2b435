#!/bin/sh
# The README's own program, built and run by the README's own commands.
set -eu
top=$(pwd)
work=$top/build/system/readme
rm -rf "$work"
mkdir -p "$work/tools"
ln -s "$top/tools/cmk" "$work/tools/cmk"
# The program is what stands between "cat hello.c" and the next prompt; the commands are the prompts
# after it.
awk '/^    \$ cat hello.c$/ { on = 1; next } on && /^    \$ / { exit }
    on { print substr($0, 5) }' README.md >"$work/hello.c"
awk '/^    \$ tools\/cmk / { print substr($0, 7) }' README.md >"$work/commands"
test "$(wc -l <"$work/commands")" = 3
cd "$work"
sh -ex commands
test -s hello.iso
sh -ex -c 'tools/cmk run --smp 2 --grub --config "nodes=2" "hello.elf node=all one \"two words\""'
