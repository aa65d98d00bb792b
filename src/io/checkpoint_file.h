/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that keeps the last checkpoint. It is replaced as a whole and is on the disk when a write
 * returns, so that a restart, whenever it is needed, finds the last checkpoint or the one before it.
 *
 * Only one process may use it: PATH.lock is locked as long as the file is open. The lock ends with the process,
 * however it ends; PATH.lock stays, empty.
 *
 * Errors: KS_ERROR_FILE and KS_ERROR_MEMORY, with the file's name and a text in *reterr.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "checkpoint.h"

struct checkpoint_file;

/*
 * Lock it and find out whether it can be written, to know that at the start and not an hour later. Borrows
 * path until return. It need not exist yet; a symbolic link is followed.
 */
int ks_checkpoint_file_open(const char *path, struct checkpoint_file **ret_file,
                            struct ks_error *reterr);
/* Unlocks it. NULL is fine. */
void ks_checkpoint_file_close(struct checkpoint_file *file);

/* Is it one of the files that are kept here? */
bool ks_checkpoint_file_has(const struct checkpoint_file *file, const struct stat *st);

/*
 * The last checkpoint, for ks_checkpoint_done(). Without a file it has no sources and no output. One that is
 * damaged or of an unknown version is an error: to begin anew then is for the user to decide.
 */
int ks_checkpoint_file_read(struct checkpoint_file *file, struct checkpoint *ret_checkpoint,
                            struct ks_error *reterr);

/* What *checkpoint tells must have been written and synced before: see ks_output_record(). */
int ks_checkpoint_file_write(struct checkpoint_file *file, const struct checkpoint *checkpoint,
                             struct ks_error *reterr);
