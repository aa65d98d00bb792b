/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where masked bytes go: the standard output or a file, to whose end they are written.
 *
 * With checkpoints, the order that makes every byte be there exactly once in a regular file, whenever
 * the process is killed:
 *
 *     ks_checkpoint_file_read()      the last checkpoint
 *     ks_output_open(), ks_output_restore()    cut back what was written after it
 *     ks_output_record(), ks_checkpoint_file_write()
 *     ks_output_write() ...
 *     ks_output_record(), ks_checkpoint_file_write()    every now and then
 *     ks_output_reopen()             after logrotate renamed the file
 *     ks_output_record(), ks_checkpoint_file_write()
 *     ks_output_write() ...
 *
 * A file that was just opened is in no checkpoint: bytes written to it could not be cut back. So
 * ks_output_write() asserts that ks_output_record() came in between. After an error of any of these nothing
 * more may be written, and no checkpoint either: the next start cuts back to the last.
 *
 * Functions return 0 or a negative errno, but where it is said.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkpoint.h"
#include "passage.h"

struct output;

/*
 * Open a file for appending, made with mode 0666 but for the umask; path NULL: the standard output.
 * Borrows path until it is closed. has_checkpoints: a regular file must be readable too, and is locked:
 * -EBUSY if another process that keeps checkpoints writes to it.
 */
int ks_output_open(const char *path, bool has_checkpoints, struct output **ret_output);
/* Returns what close() does; the output is freed anyway. NULL is fine. */
int ks_output_close(struct output *output);

/* Have writes measured; meter is borrowed. NULL: they are not. */
void ks_output_set_meter(struct output *output, const struct meter *meter);

/* For messages: the path, or "standard output". Lent until the output is closed. */
const char *ks_output_name(const struct output *output);
/* Lent; changes when the output is reopened. */
int ks_output_descriptor(const struct output *output);
/* Is every byte there exactly once after a restart? True of a regular file with checkpoints. */
bool ks_output_is_exact(const struct output *output);

/*
 * Cut back the checkpoint's file to the length that it had then. If another file is at the path now, the
 * former one is looked for in the same directory, where logrotate has renamed it.
 * Returns 0, a negative errno or OUTPUT_GONE: it is not there any more, or was cut or written anew by
 * somebody else. What was written to it after the checkpoint will be written once more.
 */
enum { OUTPUT_GONE = 1 };
int ks_output_restore(struct output *output, const struct checkpoint *checkpoint);

/* Write all of it. */
int ks_output_write(struct output *output, const uint8_t *data, size_t len);

/*
 * Open the path again, if another file is there now or none. What was written to the former one is synced
 * if there are checkpoints. Does nothing on the standard output and on what is no regular file. On an error
 * the former file stays open and may be written to.
 */
int ks_output_reopen(struct output *output);

/*
 * Sync what was written, and fill in the checkpoint's output: identity and length, or has_output false if
 * it is not exact. The path is copied; a former one is freed.
 */
int ks_output_record(struct output *output, struct checkpoint *checkpoint);
