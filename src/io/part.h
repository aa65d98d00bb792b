/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A part of a source: one file that is or was at a followed path, and how far it has been read. It is read
 * by position, so that nobody else's use of the descriptor matters.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "file_identity.h"
#include "watch.h"

struct part {
	int fd;       /* -1: read to its end, and only remembered */
	int watch_id; /* or negative */
	char *path;   /* where it was when it was opened, without links; owned */
	struct file_identity identity;
	uint64_t source_offset; /* a position in the source ... */
	uint64_t file_offset;   /* ... and the place in the file where that is */
	uint64_t position;      /* in the file: read up to here */
	uint64_t limit;         /* in the file: more is another source's; PART_UNLIMITED: none */
	uint64_t lines;  /* ends of lines in the source before it; PART_NO_LINES: not known */
	uint64_t size;   /* of the file when it was opened */
	uint64_t opened; /* when; ks_file_clock() */
	bool is_placed;  /* source_offset is known */
	bool has_gap;    /* what stood before it in the source is not there any more */
};

#define PART_UNLIMITED UINT64_MAX
#define PART_NO_LINES  UINT64_MAX

/*
 * Open the file at name, which leads to path, to be read from its start, and watch it. Only regular files: -EISDIR, -EINVAL for
 * others. Returns 0 or a negative errno, as ks_path_open() does.
 */
int ks_part_open(const char *name, const char *path, struct watch *watch, struct part *ret_part);
/* The same with a descriptor, which is taken also on errors. */
int ks_part_adopt(int fd, const char *path, struct watch *watch, struct part *ret_part);
/* Close it, and remember it as one that is read to its end. */
void ks_part_close(struct part *part, struct watch *watch);
void ks_part_done(struct part *part, struct watch *watch);

/* Read on. Returns the number of bytes, 0 at the end as it is now, or a negative errno. */
ssize_t ks_part_read(struct part *part, uint8_t *buf, size_t size);
/* The number of bytes that were not read and may be. */
uint64_t ks_part_waiting(const struct part *part);
/* Are there any? */
bool ks_part_has_more(const struct part *part);
/* Is it other text in the same file now: emptied (and written anew) after it was read? Returns 1, 0, or a negative errno. */
int ks_part_was_cut(const struct part *part);
/* Take the file's first bytes into its identity, as far as they are there by now. */
void ks_part_identify(struct part *part);

/* The place in the source up to which it was read. */
uint64_t ks_part_end(const struct part *part);
