/* SPDX-License-Identifier: Apache-2.0 */
/* What a word of the command line can be. */
#pragma once

/*
 * Print what words[count - 1] can become when words[0, count) stand behind the program's name; there is
 * at least one, the last may be empty. A line each: the whole word, a tab, what it means. A line ":file"
 * or ":directory" stands for what the shell knows.
 */
void ks_completion_print(int count, char **words);
