/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a ledger is written: a file, or a descriptor that was open when this process began. One write is one line, and
 * no write waits for a reader: what does not fit is lost.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "keysieve.h"

struct ledger_file;

/*
 * place: a path, or fd:N. It has to be opened before anything else is, or N may be a descriptor of this process's own.
 * Borrows place. Returns 0, or a negative errno; -EBADF: N is not open, or not for writing.
 */
int ks_ledger_file_open(const char *place, struct ledger_file **ret_file);
void ks_ledger_file_close(struct ledger_file *file);

/* The N of fd:N; -1: place is a path; -2: it is neither. */
int ks_ledger_file_number(const char *place);

/* No line is written that would make the file, if it is one, larger than that. */
void ks_ledger_file_limit(struct ledger_file *file, uint64_t bytes);

/* Another file may be at the path now. Returns 0, or a negative errno, and the old one stays in use. */
int ks_ledger_file_reopen(struct ledger_file *file);

/*
 * Write a line, to a new file if the old one was removed. Returns 0, or a negative errno: the line is lost. -EAGAIN: nobody
 * reads what was written before; -EFBIG: the file is as large as it may be.
 * Raises no SIGPIPE.
 */
int ks_ledger_file_write(struct ledger_file *file, const char *line, size_t len);

/* Is it that file? */
bool ks_ledger_file_is(const struct ledger_file *file, const struct stat *st);

/* Called with a fingerprint, which is borrowed until return. */
typedef void (*ledger_fingerprint_fn)(void *ctx, const char *fingerprint);

/* Tell of the fingerprints that are in the last 16 MiB of the file, if it can be read. */
void ks_ledger_file_each(const struct ledger_file *file, ledger_fingerprint_fn fn, void *ctx);
