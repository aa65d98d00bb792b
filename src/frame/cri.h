/* SPDX-License-Identifier: Apache-2.0 */
/* The header of a line of a container's log file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cri_header { CRI_HEADER_NONE, CRI_HEADER_OPEN, CRI_HEADER_WHOLE };

struct cri_line {
	size_t header;         /* bytes before the content */
	size_t tags, tags_len; /* where in it what is joined to P or F is */
	unsigned stream;       /* 0: stdout, 1: stderr */
	bool is_partial;
};

/*
 * Is text the beginning of such a line? Open: it may be, if more comes. Of a whole header *ret_line is
 * what it says.
 */
enum cri_header ks_cri_parse_header(const uint8_t *text, size_t len, struct cri_line *ret_line);
