#!/bin/sh
# What every program runs uses general registers only: no thread becomes a user of the FPU by
# starting and printing. Looks at the code of the libraries, and at the exceptions of a booted node:
# the first use of the FPU is exception 7.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Functions of FILE that name a vector or FPU register.
functions_with_vectors()
{
    objdump -d --no-show-raw-insn "$1" |
        awk '/^[0-9a-f]+ </ { name = $2 } /%([xyz]?mm[0-9]|st\y)/ { print name }' | tr -d '<>:' |
        sort -u
}

for library in build/lib/libruntime.a build/lib/libsel4.a; do
    for name in $(functions_with_vectors "$library"); do
        case $name in
        printf | fprintf | sprintf | snprintf | format_double) ;; # if doubles are passed
        *) echo "$library: $name uses vector registers" ;;
        esac
    done
done

# exceptions_7 PROGRAM: how often a thread of it used the FPU for the first time.
exceptions_7()
{
    tools/cmk run --smp 1 --qemu "-d int -D $folder/log" "$1" >"$folder/console" 2>&1 ||
        { cat "$folder/console" >&2; return 1; }
    grep -c '^ *[0-9]*: v=07 ' "$folder/log" || true
}

count=$(exceptions_7 build/user/hello.elf)
echo "hello: $count first uses of the FPU"
# Shows that the log would have them.
count=$(exceptions_7 "build/system/programs/conformance.elf floating")
echo "a program that uses it: $count first uses of the FPU"
