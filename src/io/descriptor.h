/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing descriptors: the one place that knows of EINTR, EAGAIN and short counts. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Read what is there, waiting for the first byte, up to len bytes. Returns the number of bytes, 0
 * at the end of the input, or a negative errno. Descriptors that do not block are waited for.
 */
ssize_t ks_descriptor_read(int fd, uint8_t *buf, size_t len);

/* Write all of it. Returns 0 or a negative errno. Descriptors that do not block are waited for. */
int ks_descriptor_write(int fd, const uint8_t *data, size_t len);

/* Read at an offset of a regular file; fewer bytes only at its end. Returns their number, or a negative errno. */
ssize_t ks_descriptor_read_some_at(int fd, uint8_t *buf, size_t len, uint64_t offset);

/*
 * Read or write all of it at an offset of a regular file. Returns 0 or a negative errno: -ENODATA if there
 * are not so many bytes to read.
 */
int ks_descriptor_read_at(int fd, uint8_t *buf, size_t len, uint64_t offset);
int ks_descriptor_write_at(int fd, const uint8_t *data, size_t len, uint64_t offset);

/*
 * If fd is a pipe, make it as large as an unprivileged process may, for fewer and larger transfers; one that is larger
 * stays so. A refusal does not matter.
 */
void ks_descriptor_enlarge_pipe(int fd);

/*
 * Make sure that the descriptors 0, 1 and 2 are open, if only to something that fails on use: a
 * file opened later must never become the standard output. Returns 0 or a negative errno.
 */
int ks_descriptor_reserve_standard(void);

/* Have as many open as the system allows: every file that is followed is. */
void ks_descriptor_raise_limit(void);
