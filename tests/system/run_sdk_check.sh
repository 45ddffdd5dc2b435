#!/bin/sh
# A program built with nothing but the directory that `cmk sdk` lays out, by gcc itself, runs in a
# node of its profile.
set -eu
parse='import sys, xml.etree.ElementTree as tree; tree.parse(sys.argv[1])'
program=$PWD/user/hello/hello.c
folder=$(mktemp -d -t cmk-sdk-XXXXXX)
trap 'rm -rf "$folder"' EXIT
flags="-std=gnu11 -O2 -nostdinc -static -fno-pic -fno-pie -fno-stack-protector"
flags="$flags -ftls-model=local-exec"
link="-nostdlib -no-pie -Wl,-z,max-page-size=4096,-z,noexecstack,--build-id=none"
for profile in classic classic-up; do
    sdk=$folder/$profile
    tools/cmk sdk --api "$profile" "$sdk"
    defines=
    test "$profile" = classic || defines=-DCMK_API_CLASSIC_UP
    (
        cd "$folder"
        # shellcheck disable=SC2086 # several options in one variable
        gcc $flags $defines -isystem "$sdk/runtime/include" -I "$sdk/libsel4/include" \
            -isystem "$(gcc -print-file-name=include)" $link -Wl,-T,"$sdk/runtime/user.ld" \
            -o "$profile.elf" "$program" -Wl,--start-group "$sdk"/runtime/lib/*.a \
            "$sdk"/libsel4/lib/*.a -lgcc -Wl,--end-group
    )
    tools/cmk run --smp 1 --config "api=$profile" "$folder/$profile.elf"
    for file in "$sdk"/libsel4/include/interfaces/*.xml; do
        python3 -c "$parse" "$file"
    done
    for file in "$sdk"/*.json "$sdk"/kernel/*.json; do
        python3 -m json.tool "$file" >"$folder/json"
    done
done
echo "both programs ran"
