/* SPDX-License-Identifier: Apache-2.0 */
/* Writing gzip to a descriptor: one member, as gzip(1) makes it. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

struct gzip_output;

/* Zero means the default. */
struct gzip_output_options {
	int level;         /* 1 to 9; 0: 6 */
	gz_header *header; /* borrowed until the output is freed; NULL: one without name and time */
};

/* Borrows fd until freed. options may be NULL. Writes nothing yet. Returns NULL when memory is out. */
struct gzip_output *ks_gzip_output_new(int fd, const struct gzip_output_options *options);
/* Wipes what was not written. It does not end the data. NULL is fine. */
void ks_gzip_output_free(struct gzip_output *output);

/* Compress. Some of it may stay inside. Returns 0 or a negative errno. */
int ks_gzip_output_write(struct gzip_output *output, const uint8_t *data, size_t len);
/* Let out what is inside, then the end of the member. Nothing may follow. Returns 0 or a negative errno. */
int ks_gzip_output_end(struct gzip_output *output);
