/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that tells when what some paths lead to has changed: a file that was written or replaced, the files of a
 * directory, a symbolic link on the way. It tells when writing seems to be over: whoever then reads gets whole files. While
 * it is not, it tells every few seconds. Where the kernel tells nothing (NFS), it looks every few seconds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct path_watch;

/* Called in the thread. */
typedef void (*path_watch_fn)(void *ctx);

/*
 * Watch from now on: a change that comes after the return will be told of, once it is started. Borrows paths, which are
 * files or directories, there or not, until it is freed. Returns 0 or a negative errno.
 */
int ks_path_watch_new(const char *const *paths, size_t count, path_watch_fn fn, void *ctx,
                      struct path_watch **ret_watch);
/* Start the thread: after the sandbox has closed, as it holds for threads that are started later only. Returns as above. */
int ks_path_watch_start(struct path_watch *watch);
/*
 * Is all still as it was when it was told last, or when the watch began, and was writing over then? Else somebody is changing
 * it, and that will be told of too: who has read files asks then, so as not to take half of one for the whole.
 */
bool ks_path_watch_is_current(const struct path_watch *watch);
/* Nothing is told any more. NULL is fine. */
void ks_path_watch_free(struct path_watch *watch);
