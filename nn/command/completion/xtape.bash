# Completion of xtape's command line in bash. The program says what may come next, so this knows no option by name;
# where it says nothing, a file is meant.
_xtape() {
    mapfile -t COMPREPLY < <("$1" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=("${COMPREPLY[@]%%$'\t'*}") # without descriptions
}
complete -o bashdefault -o default -F _xtape xtape
