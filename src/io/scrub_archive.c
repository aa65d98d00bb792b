/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive is gone through once without writing anything, up to the first byte that is to be masked; most
 * have none. If there is one, it is gone through again, and what comes out is compressed into a new file,
 * which takes the old one's place when it is whole. At no time is there less than one whole archive.
 */
#include "scrub_job.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "changes.h"
#include "comparison.h"
#include "descriptor.h"
#include "gzip_output.h"
#include "input.h"
#include "secret_memory.h"
#include "sibling.h"

#define READ_SIZE (256U << 10)
#define NAME_SIZE 4096U

struct pass {
	struct scrub_job *job;
	struct comparison *comparison;
	struct gzip_output *output; /* NULL: of the first time */
	struct changes changes;
	bool has_changed;
	int code; /* why the comparison was stopped: a negative errno */
};

/* ----------------------------------------------------------------- one passage ---- */

static int
look(void *ctx, const uint8_t *masked, const uint8_t *original, size_t len)
{
	struct pass *p = ctx;

	p->has_changed |= memcmp(masked, original, len) != 0;
	return p->has_changed;
}

static int
compress_masked(void *ctx, const uint8_t *masked, const uint8_t *original, size_t len)
{
	struct pass *p = ctx;

	p->code = ks_changes_add(&p->changes, 0, masked, original, len);
	p->job->result->masked += p->changes.bytes;
	ks_changes_clear(&p->changes);
	if (p->code == 0)
		p->code = ks_gzip_output_write(p->output, masked, len);
	return p->code;
}

static int
fail_engine(struct pass *p, int status)
{
	if (status == KS_ERROR_SINK)
		return ks_scrub_fail_errno(p->job, -p->code);
	return ks_scrub_fail_engine(p->job, status);
}

static int
fail_input(struct pass *p, const struct input *input, int code)
{
	char reason[INPUT_REASON_SIZE];

	ks_input_reason(input, code, reason, sizeof(reason));
	return ks_scrub_fail(p->job, reason);
}

static int
put_through(struct pass *p, struct input *input, uint8_t *memory)
{
	struct ks_scratch *scratch = p->job->options->scratch;
	ssize_t n;
	int r;

	for (;;) {
		n = ks_input_read(input, memory, READ_SIZE);
		if (n == -EAGAIN || n == -EINTR)
			n = (r = ks_input_wait(input)) < 0 ? r : -EAGAIN;
		if (n == 0 || (n < 0 && n != -EAGAIN))
			break;
		r = n > 0 ? ks_comparison_feed(p->comparison, scratch, memory, (size_t)n) : KS_OK;
		if (p->has_changed)
			return 0;
		if (r != KS_OK)
			return fail_engine(p, r);
		p->job->position = ks_input_position(input);
		if (n > 0)
			p->job->result->bytes += (uint64_t)n;
		if (ks_scrub_check_stop(p->job) < 0)
			return -1;
	}
	if (n < 0)
		return fail_input(p, input, (int)-n);
	r = ks_comparison_end(p->comparison, scratch);
	return r == KS_OK || p->has_changed ? 0 : fail_engine(p, r);
}

static int
go_through(struct pass *p)
{
	struct ks_redactor_options options = p->job->options->redactor;
	struct input *input = ks_input_open(p->job->fd);
	uint8_t *memory = ks_secret_memory_new(READ_SIZE);
	int r;

	p->job->result->bytes = 0;
	if (!p->output)
		options.stream.on_finding = NULL;
	r = ks_comparison_new(p->job->options->set, &options, p->output ? compress_masked : look, p,
	                      &p->comparison);
	if (r == KS_OK && (!input || !memory))
		r = KS_ERROR_MEMORY;
	if (r != KS_OK)
		r = ks_scrub_fail_engine(p->job, r);
	else if (lseek(p->job->fd, 0, SEEK_SET) < 0)
		r = ks_scrub_fail_errno(p->job, errno);
	else
		r = put_through(p, input, memory);
	ks_input_close(input);
	ks_secret_memory_free(memory, READ_SIZE);
	return r;
}

static void
end_pass(struct pass *p)
{
	if (p->comparison)
		p->job->result->findings = ks_comparison_findings(p->comparison);
	ks_comparison_free(p->comparison);
	ks_gzip_output_free(p->output);
	ks_changes_done(&p->changes);
}

static int
find_change(struct scrub_job *job, bool *ret_has_changed)
{
	struct pass p = { .job = job };
	int r = go_through(&p);

	*ret_has_changed = p.has_changed;
	end_pass(&p);
	return r;
}

/* -------------------------------------------------------------- the new archive ---- */

/* The header of the first member: the name and the time of what was compressed, and how well. */
static int
read_header(int fd, gz_header *ret_header)
{
	uint8_t front[READ_SIZE / 4], none[1];
	ssize_t n = ks_descriptor_read_some_at(fd, front, sizeof(front), 0);
	z_stream z = {
		.next_in = front, .avail_in = (uInt)n, .next_out = none, .avail_out = sizeof(none)
	};

	if (n < 0)
		return (int)n;
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return -ENOMEM;
	(void)inflateGetHeader(&z, ret_header);
	(void)inflate(&z, Z_BLOCK);
	(void)inflateEnd(&z);
	explicit_bzero(front, sizeof(front));
	return ret_header->done == 1 ? 0 : -EBADMSG;
}

static int
level_of(const gz_header *header)
{
	if (header->xflags == 2)
		return Z_BEST_COMPRESSION;
	return header->xflags == 4 ? Z_BEST_SPEED : 0;
}

static int
compress_to(struct scrub_job *job, int fd)
{
	uint8_t name[NAME_SIZE] = { 0 }, comment[NAME_SIZE] = { 0 };
	gz_header header = { .name = name,
		             .name_max = NAME_SIZE - 1,
		             .comment = comment,
		             .comm_max = NAME_SIZE - 1 };
	int r = read_header(job->fd, &header);
	struct gzip_output_options options = { .level = level_of(&header), .header = &header };
	struct pass p = { .job = job };

	if (r < 0)
		return ks_scrub_fail_errno(job, -r);
	header.hcrc = 0;
	if (!*name)
		header.name = NULL;
	if (!*comment)
		header.comment = NULL;
	p.output = ks_gzip_output_new(fd, &options);
	if (!p.output)
		return ks_scrub_fail_errno(job, ENOMEM);
	r = go_through(&p);
	if (r == 0) {
		r = ks_gzip_output_end(p.output);
		if (r < 0)
			r = ks_scrub_fail_errno(job, -r);
	}
	end_pass(&p);
	return r;
}

/* Is the archive what it was, and still there? */
static int
check_unchanged(struct scrub_job *job)
{
	const struct stat *before = &job->before;
	struct stat open, named;

	if (fstat(job->fd, &open) < 0 || stat(job->path, &named) < 0)
		return ks_scrub_fail_errno(job, errno);
	if (open.st_size != before->st_size || open.st_mtim.tv_sec != before->st_mtim.tv_sec ||
	    open.st_mtim.tv_nsec != before->st_mtim.tv_nsec || named.st_dev != before->st_dev ||
	    named.st_ino != before->st_ino)
		return ks_scrub_fail_errno(job, ESTALE);
	return 0;
}

static int
take_place(struct scrub_job *job, struct sibling *new)
{
	const struct timespec times[] = { job->before.st_atim, job->before.st_mtim };
	struct stat after;
	int r = ks_sibling_take_after(new, job->fd, &job->before);

	if (r < 0)
		return ks_scrub_fail_errno(job, -r);
	if (fstat(new->fd, &after) < 0)
		return ks_scrub_fail_errno(job, errno);
	if (job->options->keep_times)
		(void)futimens(new->fd, times);
	if (check_unchanged(job) < 0 || ks_scrub_copy(job) < 0)
		return -1;
	r = ks_sibling_name(new, job->path, true);
	if (r < 0)
		return ks_scrub_fail_errno(job, -r);
	job->result->size = (uint64_t)job->before.st_size;
	job->result->new_size = (uint64_t)after.st_size;
	return 0;
}

static int
write_anew(struct scrub_job *job)
{
	struct sibling new = SIBLING_NONE;
	int r = ks_sibling_create(&new, job->path);

	if (r < 0)
		return ks_scrub_fail_errno(job, -r);
	r = compress_to(job, new.fd);
	if (r == 0)
		r = take_place(job, &new);
	ks_sibling_done(&new);
	if (r < 0)
		job->result->masked = 0;
	return r;
}

int
ks_scrub_archive(struct scrub_job *job)
{
	bool has_changed;

	if (find_change(job, &has_changed) < 0)
		return -1;
	if (!has_changed)
		return 0;
	if (job->before.st_nlink > 1)
		return ks_scrub_fail(job, "an archive with other hard links, which would keep the "
		                          "secrets: left as it is");
	return write_anew(job);
}
