#!/bin/bash
# completion.bash <program> <its completion for bash> <its man page>: what bash offers is what --help lists, and the
# man page has it too.
set -euo pipefail
program=$1 man=$3
# shellcheck source=/dev/null
source "$2"

fail() { printf '%s\n' "$*" >&2; exit 1; }
# offered <word>...: what bash would offer for the last word, in a line.
offered() {
    COMP_WORDS=("$program" "$@") COMP_CWORD=$#
    _xtape "$program" "${*: -1}" ''
    printf '%s' "${COMPREPLY[*]}"
}
# expect <offers> <word>...
expect() {
    local offers
    offers=$(offered "${@:2}")
    [[ $offers == "$1" ]] || fail "for '${*:2}' bash offers '$offers', not '$1'"
}

expect 'verify derive' ''
expect 'derive' d
expect 'columns rows' verify mine.npz --examples ''
expect 'columns rows' verify mine.npz --examples =
expect 'rows' verify --examples = r
expect 'sigmoid silu softmax softplus' derive --layers 3,4,1 --hidden s
expect '--hidden --hint' verify --json --hi
expect '' verify --rename --hi # THEIRS=OURS
expect '' verify mi
expect '' verify --html ''
expect '--help' nonsense --

[[ $(complete -p xtape) == *'-o default'* ]] || fail 'where nothing is offered, bash does not offer files'
for command in verify derive; do
    listed=$("$program" "$command" --help | grep -oE -- '^  (-h,)?--[a-z0-9-]+' | grep -oE -- '--[a-z0-9-]+' | tr '\n' ' ')
    expect "${listed% }" "$command" --
    count=0
    for option in $listed; do
        [[ $option == --help ]] || grep -qF -- "${option//-/\\-}" "$man" || fail "the man page lacks $option"
        count=$((count + 1))
    done
    ((count >= 8)) || fail "--help of $command lists $count options"
done
