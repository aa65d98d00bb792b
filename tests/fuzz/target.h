/* SPDX-License-Identifier: Apache-2.0 */
/* What fuzz targets have in common. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "keysieve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* End the process, and say why, unless it is so. */
static inline void
require(bool is_met, const char *what)
{
	if (!is_met) {
		(void)fprintf(stderr, "fuzz target: %s\n", what);
		abort();
	}
}

/* An input, from which choices are taken first. At its end they are 0. */
struct choices {
	const uint8_t *data; /* what is left */
	size_t len;
};

static inline unsigned
choose(struct choices *c)
{
	if (c->len == 0)
		return 0;
	c->len--;
	return *c->data++;
}

/* A number with as many bytes as its first byte, 0 to 8, says. */
static inline uint64_t
choose_number(struct choices *c)
{
	uint64_t number = 0;

	for (unsigned n = choose(c) % 9; n > 0; n--)
		number = number << 8 | choose(c);
	return number;
}

/* The rest, up to a byte 0 which is taken too, in text of size bytes, with its NUL. */
static inline char *
choose_text(struct choices *c, char *text, size_t size)
{
	size_t n = 0;

	while (c->len > 0 && *c->data != 0 && n + 1 < size)
		text[n++] = (char)choose(c);
	(void)choose(c);
	text[n] = '\0';
	return text;
}

/* A file that holds these bytes and is nowhere; its offset is at its beginning. */
static inline int
file_of(const uint8_t *data, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	require(fd >= 0 && (len == 0 || pwrite(fd, data, len, 0) == (ssize_t)len), "no file");
	return fd;
}

#define TARGET_PATH_SIZE 64U

/* A path of such a file, as long as it is open. */
static inline const char *
path_of(int fd, char path[TARGET_PATH_SIZE])
{
	(void)snprintf(path, TARGET_PATH_SIZE, "/proc/self/fd/%d", fd);
	return path;
}

/* Mask text in place, cut bytes a call. */
static inline void
mask_in_cuts(const struct ks_ruleset *set, struct ks_scratch *scratch,
             const struct ks_stream_options *options, uint8_t *text, size_t len, size_t cut)
{
	struct ks_stream *stream = NULL;
	size_t all = 0, settled;

	require(ks_stream_new(set, options, &stream) == KS_OK, "no stream");
	for (size_t at = 0; at < len; at += cut) {
		size_t to = at + cut < len ? at + cut : len;

		require(ks_stream_mask(stream, scratch, text + all, to - all, &settled) == KS_OK,
		        "a stream that fails");
		all += settled;
	}
	require(ks_stream_mask_end(stream, scratch, text + all, len - all) == KS_OK,
	        "a stream that fails");
	ks_stream_free(stream);
}

/* One line of text that cannot steer a terminal? */
static inline bool
is_plain_text(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}
