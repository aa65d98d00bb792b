/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plain file. It is read and put through a redactor; what comes out changed is gathered, and written where no
 * secret is half seen:
 *
 *     offset:      |-- written --|-- gathered --|-- to be read --|
 *                             a line ends, no run goes on
 *
 * Invariants: nothing but the mask is ever written, only within the file, and only over bytes that are still
 * what they were when they were read. If the process ends anywhere, another run does the rest.
 */
#include "scrub_job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "changes.h"
#include "comparison.h"
#include "descriptor.h"
#include "note.h"
#include "secret_memory.h"

#define READ_SIZE   (256U << 10)
#define STEP_SIZE   (16U << 10) /* so small that the changes of one step fit into a note */
#define CHANGES     64U         /* as many are written together, if there is a place to do so */
#define CHANGES_MAX (64U << 10) /* and so many are written at any place: memory has a limit */

struct plain {
	struct scrub_job *job;
	struct comparison *comparison;
	uint8_t *memory;
	struct changes changes;
	uint64_t offset;           /* bytes read */
	uint64_t settled;          /* bytes compared */
	uint64_t findings, masked; /* of those, the comparison's when changes were last written */
	bool has_copy;
	bool is_torn; /* writing failed in the middle: the note has to stay */
	int code;     /* why the comparison was stopped: a negative errno */
};

static int
gather(void *ctx, const uint8_t *masked, const uint8_t *original, size_t len)
{
	struct plain *p = ctx;

	p->code = ks_changes_add(&p->changes, p->settled, masked, original, len);
	p->settled += len;
	return p->code;
}

static int
fail_engine(struct plain *p, int status)
{
	if (status == KS_ERROR_SINK)
		return ks_scrub_fail_errno(p->job, -p->code);
	return ks_scrub_fail_engine(p->job, status);
}

/* Is each change one finding, and whole? Where frames or line ends are in between, it is not. */
static bool
are_apart(const struct plain *p)
{
	return p->changes.count == ks_comparison_findings(p->comparison) - p->findings &&
	       p->changes.bytes == ks_comparison_masked(p->comparison) - p->masked;
}

static int
write_changes(struct plain *p)
{
	uint64_t bytes = p->changes.bytes;
	int r;

	if (bytes == 0)
		return 0;
	if (!p->has_copy && ks_scrub_copy(p->job) < 0)
		return -1;
	p->has_copy = true;
	r = ks_changes_write(&p->changes, p->job->fd, are_apart(p));
	p->is_torn = r < 0 && r != -ESTALE && r != -ENODATA;
	if (r < 0)
		return ks_scrub_fail_errno(p->job, -r);
	p->job->result->masked += bytes;
	p->findings = ks_comparison_findings(p->comparison);
	p->masked = ks_comparison_masked(p->comparison);
	return 0;
}

static size_t
step_length(const uint8_t *data, size_t len)
{
	size_t n = len < STEP_SIZE ? len : STEP_SIZE;
	const uint8_t *last = memrchr(data, '\n', n);

	return last ? (size_t)(last - data) + 1 : n;
}

/* What stands in the memory was read. */
static int
take(struct plain *p, size_t len)
{
	const uint8_t *data = p->memory;

	while (len > 0) {
		size_t n = step_length(data, len);
		int r = ks_comparison_feed(p->comparison, p->job->options->scratch, data, n);
		bool is_idle = ks_comparison_is_idle(p->comparison);

		if (r != KS_OK)
			return fail_engine(p, r);
		data += n;
		len -= n;
		if (p->changes.count >= CHANGES_MAX ||
		    (is_idle && (p->changes.count >= CHANGES || len == 0))) {
			if (write_changes(p) < 0)
				return -1;
		}
	}
	return 0;
}

/* Read to the end, which may be further than it was: others may append to the file. */
static int
scrub_all(struct plain *p)
{
	ssize_t n;
	int r;

	for (;;) {
		n = ks_descriptor_read_some_at(p->job->fd, p->memory, READ_SIZE, p->offset);
		if (n < 0)
			return ks_scrub_fail_errno(p->job, (int)-n);
		if (n == 0)
			break;
		p->offset += (uint64_t)n;
		p->job->position = p->offset;
		p->job->result->bytes = p->offset;
		if (take(p, (size_t)n) < 0 || ks_scrub_check_stop(p->job) < 0)
			return -1;
	}
	r = ks_comparison_end(p->comparison, p->job->options->scratch);
	return r != KS_OK ? fail_engine(p, r) : write_changes(p);
}

/* The file may have been cut while it was read. */
static int
check_size(struct plain *p)
{
	struct stat after;

	if (fstat(p->job->fd, &after) < 0)
		return ks_scrub_fail_errno(p->job, errno);
	return (uint64_t)after.st_size < p->offset ? ks_scrub_fail_errno(p->job, ENODATA) : 0;
}

/* If somebody has appended to it, its time is that of somebody else. */
static void
restore_times(struct plain *p)
{
	const struct stat *before = &p->job->before;
	const struct timespec times[] = { before->st_atim, before->st_mtim };
	struct stat after;

	if (fstat(p->job->fd, &after) == 0 && after.st_size == before->st_size)
		(void)futimens(p->job->fd, times);
}

/* However it has ended: leave in order what was written. Returns r, or what goes wrong here. */
static int
finish(struct plain *p, int r)
{
	if (p->job->result->masked == 0)
		return r;
	if (!p->is_torn)
		ks_note_remove(p->job->fd);
	if (p->job->options->keep_times)
		restore_times(p);
	return fsync(p->job->fd) < 0 && r == 0 ? ks_scrub_fail_errno(p->job, errno) : r;
}

/* What another run left unfinished, for which it has made the copy. */
static int
redeem(struct plain *p)
{
	int r = ks_note_redeem(p->job->fd, &p->job->result->masked);

	p->is_torn = r < 0;
	return r < 0 ? ks_scrub_fail_errno(p->job, -r) : 0;
}

static int
scrub(struct plain *p)
{
	int r = redeem(p);

	if (r == 0)
		r = scrub_all(p);
	if (r == 0)
		r = check_size(p);
	return finish(p, r);
}

int
ks_scrub_plain(struct scrub_job *job)
{
	struct plain p = { .job = job, .changes = { .fill = ks_scrub_fill(job) } };
	int r = ks_comparison_new(job->options->set, &job->options->redactor, gather, &p,
	                          &p.comparison);

	p.memory = ks_secret_memory_new(READ_SIZE);
	if (r == KS_OK && !p.memory)
		r = KS_ERROR_MEMORY;
	if (r != KS_OK)
		r = ks_scrub_fail_engine(job, r);
	else
		r = scrub(&p);
	if (p.comparison)
		job->result->findings = ks_comparison_findings(p.comparison);
	ks_comparison_free(p.comparison);
	ks_secret_memory_free(p.memory, READ_SIZE);
	ks_changes_done(&p.changes);
	return r;
}
