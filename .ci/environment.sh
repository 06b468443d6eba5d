# shellcheck shell=bash
# What .ci/run and .ci/versions share: a copy of the tree, the README's test command, the data.

# The folder with unpack.py and the packed data sets; without it, tests that need them skip.
packed_data=$(realpath -m "${POOLBENCH_PACKED_DATA:-../shared/data}")

copy_tree() { # FOLDER: the tracked files and those that are not ignored, as they are now
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$1"
}

test_command() { # the README's, including its set-up
    local command
    command=$(sed -n '/<!-- test command -->/,/^```$/{/^[^<`]/p}' README.md)
    [ -n "$command" ] || { echo "README.md has no test command" >&2; return 1; }
    printf '%s\n' "$command"
}

unpack_data() { # PYTHON FOLDER: unless POOLBENCH_DATA already names unpacked data
    if [ -z "${POOLBENCH_DATA:-}" ] && [ -f "$packed_data/unpack.py" ]; then
        "$1" "$packed_data/unpack.py" "$2" mnist cifar10 imagenette
        export POOLBENCH_DATA=$2
    fi
}
