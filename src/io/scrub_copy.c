/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copy of a file that is going to be changed. It has its name only when it is whole, and never takes the
 * place of another file: that may be the only one left with what was masked in this. It may stay if it
 * is this file's original, as after a run that was killed.
 */
#include "scrub_job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "descriptor.h"
#include "secret_memory.h"
#include "sibling.h"

#define BLOCK_SIZE (1U << 20)

static bool
is_original(const uint8_t *file, const uint8_t *copy, size_t len, uint8_t fill)
{
	for (size_t i = 0; i < len; i++) {
		if (file[i] != copy[i] && file[i] != fill)
			return false;
	}
	return true;
}

static bool
contents_match(const struct scrub_job *job, int fd, uint64_t size, uint8_t *memory)
{
	uint8_t *copy = memory, *file = memory + BLOCK_SIZE;

	for (uint64_t at = 0; at < size; at += BLOCK_SIZE) {
		size_t n = size - at < BLOCK_SIZE ? (size_t)(size - at) : BLOCK_SIZE;

		if (ks_descriptor_read_at(fd, copy, n, at) < 0 ||
		    ks_descriptor_read_at(job->fd, file, n, at) < 0 ||
		    !is_original(file, copy, n, ks_scrub_fill(job)))
			return false;
	}
	return true;
}

/* Is what is at path a file that differs from the job's only where that is masked? */
static bool
has_original(const struct scrub_job *job, const char *path)
{
	uint8_t *memory = ks_secret_memory_new((size_t)2 * BLOCK_SIZE);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat copy, file;
	bool has = memory && fd >= 0 && fstat(fd, &copy) == 0 && S_ISREG(copy.st_mode) &&
	           fstat(job->fd, &file) == 0 && copy.st_size == file.st_size &&
	           copy.st_ino != file.st_ino &&
	           contents_match(job, fd, (uint64_t)copy.st_size, memory);

	if (fd >= 0)
		(void)close(fd);
	ks_secret_memory_free(memory, (size_t)2 * BLOCK_SIZE);
	return has;
}

/* The kernel may not be able to copy between these files. */
static ssize_t
copy_block(int from, int to, off_t *at, uint8_t *memory)
{
	off_t to_at = *at;
	ssize_t n = copy_file_range(from, at, to, &to_at, (size_t)16 * BLOCK_SIZE, 0);
	int r;

	if (n > 0 || (n < 0 && errno == EINTR))
		return 1;
	n = ks_descriptor_read_some_at(from, memory, BLOCK_SIZE, (uint64_t)*at);
	if (n <= 0)
		return n;
	r = ks_descriptor_write_at(to, memory, (size_t)n, (uint64_t)*at);
	*at += n;
	return r < 0 ? r : n;
}

static int
copy_bytes(struct scrub_job *job, int to)
{
	uint8_t *memory = ks_secret_memory_new(BLOCK_SIZE);
	ssize_t n = memory ? 1 : -ENOMEM;
	off_t at = 0;

	while (n > 0) {
		n = copy_block(job->fd, to, &at, memory);
		if (n > 0 && ks_scrub_check_stop(job) < 0)
			break;
	}
	ks_secret_memory_free(memory, BLOCK_SIZE);
	if (n > 0)
		return -1;
	return n < 0 ? ks_scrub_fail_errno(job, (int)-n) : 0;
}

static int
fail_copy(struct scrub_job *job, const char *path, int code)
{
	char reason[SCRUB_REASON_SIZE];

	(void)snprintf(reason, sizeof(reason), "left as it is, the copy %.300s: %s", path,
	               code == EEXIST ? "there is another file" : strerror(code));
	return ks_scrub_fail(job, reason);
}

static int
make_copy(struct scrub_job *job, const char *path)
{
	const struct timespec times[] = { job->before.st_atim, job->before.st_mtim };
	struct sibling copy = SIBLING_NONE;
	int r = ks_sibling_create(&copy, job->path);

	if (r < 0)
		goto out;
	if (copy_bytes(job, copy.fd) < 0) {
		ks_sibling_done(&copy);
		return -1;
	}
	r = ks_sibling_take_after(&copy, job->fd, &job->before);
	if (r < 0)
		goto out;
	(void)futimens(copy.fd, times);
	r = ks_sibling_name(&copy, path, false);
out:
	ks_sibling_done(&copy);
	return r < 0 ? fail_copy(job, path, -r) : 0;
}

int
ks_scrub_copy(struct scrub_job *job)
{
	struct stat st;
	char *path;
	int r = 0;

	if (!job->options->suffix)
		return 0;
	if (asprintf(&path, "%s%s", job->path, job->options->suffix) < 0)
		return ks_scrub_fail_errno(job, ENOMEM);
	if (lstat(path, &st) < 0)
		r = make_copy(job, path);
	else if (!has_original(job, path))
		r = fail_copy(job, path, EEXIST);
	free(path);
	return r;
}
