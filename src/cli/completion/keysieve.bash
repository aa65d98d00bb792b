# SPDX-License-Identifier: Apache-2.0
# bash completion of keysieve. keysieve itself knows the words; here they are put in bash's form.

_keysieve() {
    local i word before words=() rest=${COMP_LINE:0:COMP_POINT}

    # bash cuts words at = and : too, keysieve does not: what has no blank between is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        before=${rest%%"$word"*}
        rest=${rest#"$before$word"}
        if [[ $i -eq 0 || -z $word || $before == *[[:space:]]* ]]; then
            words+=("$word")
        else
            words[-1]+=$word
        fi
    done

    # The part of the last word that bash keeps, and what a file's name would begin with.
    local last=${words[-1]} part=${COMP_WORDS[COMP_CWORD]}
    [[ $part == [=:] ]] && part=
    local kept=${last%"$part"} value=${last#--*=}

    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        case $word in
        :file)
            compopt -o filenames 2>/dev/null
            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$value")
            ;;
        :directory)
            compopt -o filenames 2>/dev/null
            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$value")
            ;;
        *) COMPREPLY+=("${word#"$kept"}") ;;
        esac
    done < <("$1" completion words "${words[@]:1}" 2>/dev/null)
}

complete -F _keysieve keysieve
