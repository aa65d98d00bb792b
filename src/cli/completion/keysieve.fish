# SPDX-License-Identifier: Apache-2.0
# fish completion of keysieve. keysieve itself knows the words; here they are put in fish's form.

function __keysieve_complete
    set -l before (commandline -opc)
    set -l last (commandline -ct)
    set -l value (string replace -r -- '^--[^=]*=' '' $last)
    set -l kept (string match -r -- '^--[^=]*=' $last; or echo '')

    for line in ($before[1] completion words $before[2..] "$last" 2>/dev/null)
        switch $line
            case :file
                printf '%s\n' $kept(__fish_complete_path $value)
            case :directory
                printf '%s\n' $kept(__fish_complete_directories $value '')
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c keysieve -f -a '(__keysieve_complete)'
