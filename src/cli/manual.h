/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the manual page that the tables of commands and options know. */
#pragma once

/*
 * Print the sections SYNOPSIS, COMMANDS and OPTIONS of keysieve(1) in man(7) to the standard output.
 * Returns an exit status.
 */
int ks_manual_print(void);
