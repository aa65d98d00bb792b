/* SPDX-License-Identifier: Apache-2.0 */
/* From a name to an open regular file, and the choice of the way. */
#include "scrub.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "descriptor.h"
#include "path_open.h"
#include "scrub_job.h"

uint8_t
ks_scrub_fill(const struct scrub_job *job)
{
	uint8_t fill = job->options->redactor.stream.fill;

	return fill ? fill : '*';
}

int
ks_scrub_fail(struct scrub_job *job, const char *reason)
{
	job->error->problem = SCRUB_FILE;
	(void)snprintf(job->error->reason, sizeof(job->error->reason), "%s", reason);
	return -1;
}

int
ks_scrub_fail_errno(struct scrub_job *job, int code)
{
	if (code == ENODATA)
		return ks_scrub_fail(job, "it has become shorter while it was read");
	if (code == ESTALE)
		return ks_scrub_fail(job, "it was written anew while it was read");
	return ks_scrub_fail(job, ks_path_error_text(code));
}

int
ks_scrub_fail_engine(struct scrub_job *job, int status)
{
	job->error->problem = SCRUB_ENGINE;
	job->error->status = status;
	return -1;
}

int
ks_scrub_check_stop(struct scrub_job *job)
{
	const struct scrub_options *o = job->options;

	if (!o->should_stop || !o->should_stop(o->stop_ctx, job->position))
		return 0;
	job->error->problem = SCRUB_STOPPED;
	(void)snprintf(job->error->reason, sizeof(job->error->reason),
	               "interrupted at byte %" PRIu64 " of %" PRIu64, job->position,
	               (uint64_t)job->before.st_size);
	return -1;
}

/* Is what was opened still at the path without links, beside which files are made? */
static bool
is_at_path(const struct scrub_job *job)
{
	struct stat st;

	return lstat(job->path, &st) == 0 && st.st_dev == job->before.st_dev &&
	       st.st_ino == job->before.st_ino;
}

/* Nothing but a regular file is opened: to open a device or a pipe can have effects. */
static int
open_file(struct scrub_job *job, const char *name)
{
	if (stat(job->path, &job->before) < 0)
		return ks_scrub_fail_errno(job, errno);
	if (!S_ISREG(job->before.st_mode))
		return ks_scrub_fail(job, "not a regular file");
	job->fd = ks_path_open(name, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (job->fd < 0)
		return ks_scrub_fail_errno(job, -job->fd);
	if (fstat(job->fd, &job->before) < 0)
		return ks_scrub_fail_errno(job, errno);
	if (!S_ISREG(job->before.st_mode))
		return ks_scrub_fail(job, "not a regular file");
	return is_at_path(job) ? 0 : ks_scrub_fail(job, "another file is there now");
}

/* Taken for a plain file an archive would be left as it is. */
static int
find_kind(struct scrub_job *job)
{
	uint8_t magic[GZIP_MAGIC_SIZE];
	int r = ks_descriptor_read_at(job->fd, magic, sizeof(magic), 0);

	if (r < 0 && r != -ENODATA)
		return ks_scrub_fail_errno(job, -r);
	job->result->is_archive = r == 0 && memcmp(magic, ks_gzip_magic, sizeof(magic)) == 0;
	return 0;
}

static int
scrub(struct scrub_job *job, const char *name)
{
	if (open_file(job, name) < 0 || find_kind(job) < 0)
		return -1;
	(void)posix_fadvise(job->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return job->result->is_archive ? ks_scrub_archive(job) : ks_scrub_plain(job);
}

int
ks_scrub_file(const char *path, const struct scrub_options *options, struct scrub_result *ret,
              struct scrub_error *reterr)
{
	char *real = realpath(path, NULL);
	struct scrub_job job = {
		.options = options, .path = real, .fd = -1, .result = ret, .error = reterr
	};
	int r;

	*ret = (struct scrub_result){ 0 };
	r = real ? scrub(&job, path) : ks_scrub_fail_errno(&job, errno);
	if (job.fd >= 0 && close(job.fd) < 0 && r == 0)
		r = ks_scrub_fail_errno(&job, errno);
	free(real);
	return r;
}
