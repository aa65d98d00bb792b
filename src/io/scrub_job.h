/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of scrubbing one file share. Functions return 0, or -1 and have filled the job's error. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "scrub.h"

struct scrub_job {
	const struct scrub_options *options;
	const char *path; /* with symbolic links resolved */
	int fd;           /* for reading and writing */
	struct stat before;
	uint64_t position; /* bytes of the file that were read */
	struct scrub_result *result;
	struct scrub_error *error;
};

/* The byte that is written over secrets. */
uint8_t ks_scrub_fill(const struct scrub_job *job);

int ks_scrub_fail(struct scrub_job *job, const char *reason);
int ks_scrub_fail_errno(struct scrub_job *job, int code);
int ks_scrub_fail_engine(struct scrub_job *job, int status);
/* SCRUB_STOPPED, if that is wanted. */
int ks_scrub_check_stop(struct scrub_job *job);

/* Mask in the file itself. */
int ks_scrub_plain(struct scrub_job *job);
/* Write the archive anew. */
int ks_scrub_archive(struct scrub_job *job);
/* Make the copy that the options ask for. */
int ks_scrub_copy(struct scrub_job *job);
