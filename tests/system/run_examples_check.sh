#!/bin/sh
# The examples, run by the commands of user/README.md: each must end well.
set -eu
commands=$(awk '/^## / { on = 0 } /^## Running the examples/ { on = 1 }
    on && /^    tools\/cmk run / { print substr($0, 5) }' user/README.md)
test "$(echo "$commands" | wc -l)" -ge 8
echo "$commands" | while read -r command; do
    echo "$command"
    sh -c "$command" </dev/null
done
echo "all examples ended well"
