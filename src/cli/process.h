/* SPDX-License-Identifier: Apache-2.0 */
/* What the process does to keep the secrets that pass through it to itself. */
#pragma once

/*
 * No core files, no reading of this process's memory by others of the same user. And a file that reaches a limit of its size is
 * an error as a full disk is, instead of the end by SIGXFSZ.
 */
void ks_process_protect(void);

/* All threads take memory from one heap. Before any thread starts. */
void ks_process_share_arena(void);

/* Before another program takes the place of this one: what was ignored is not for it. */
void ks_process_give_signals_back(void);
