# Completion of xtape's command line in fish. The program says what may come next; where it says nothing, a file is meant.
function __xtape_next
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    test (count $current) -gt 0; or set current ''
    $words[1] __complete $words[2..] $current 2>/dev/null
end
complete -c xtape -n 'test (count (__xtape_next)) -gt 0' -f -a '(__xtape_next)'
