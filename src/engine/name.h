/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of settings, all in one tree, read from their ends: what stands before a noun is compared with
 * all of them at once.
 *
 *     ... "mistral_api_key": "        at the noun's end:  (key|token|secret|pat) - ([a-z0-9_.-]{0,20}|...) - l - a - r - ...
 *             <----------'                                                                            '- i - a - n - e - ...
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "byteset.h"
#include "keysieve.h"

#define NAME_WIDTH_MAX 63U /* bytes of a name: places before a noun are bits of one word */

struct name_unit;
struct name_alternative;
struct name_node;
struct name_end;
struct name_filter;

#define HEAD_WIDTH  3U
#define HEAD_HASHES 4096U

/*
 * Zero: no names. A head is the plain bytes with which a name begins. Most words of a log are no provider's name;
 * so heads are looked for first, and only names followed that begin with one that is there.
 */
struct names {
	uint8_t heads
		[HEAD_HASHES]; /* by hash of its first bytes, a head's number from 1 to 63; 0: there is none */
	unsigned head_count;
	struct byteset bytes; /* that can be in a name with heads */
	struct name_unit *units;
	struct name_alternative *alternatives;
	struct name_node *nodes;
	struct name_end *ends;
	struct name_filter *filters;
	uint16_t (*tables)[256]; /* of nodes with many children: by byte, a child */
	char **texts;            /* while the tree is made */
	size_t unit_count, alternative_count, node_count, end_count, filter_count, table_count,
		text_count;
	size_t unit_max, alternative_max, node_max, end_max, filter_max, table_max, text_max;
};

/* Of ks_names_add(): it is not of the few kinds of expressions that are compared here. */
enum { NAME_UNSUITED = 1 };

/*
 * Add the name of a rule (ks_macro_split_name()), which is not wider than NAME_WIDTH_MAX. Returns KS_OK,
 * NAME_UNSUITED or KS_ERROR_MEMORY; with these names are as before.
 */
int ks_names_add(struct names *names, const char *name, uint32_t rule, enum ks_boundary boundary);

/* When all are added. Errors: KS_ERROR_MEMORY. */
int ks_names_finish(struct names *names);

void ks_names_free(struct names *names);

/* The last bytes of a text, as many as can be a name with heads, and the heads in them. */
struct name_stretch {
	size_t len;     /* NAME_WIDTH_MAX at most */
	uint64_t heads; /* a bit for each number */
};

struct name_stretch ks_names_stretch(const struct names *names, const uint8_t *text, size_t len);

/*
 * The rules whose names end where text[0, len) does, boundary included; each once, in ret_rules, which has room
 * for all. text begins with the stream, or NAME_WIDTH_MAX and BOUNDARY_WIDTH_MAX bytes before its end; stretch is
 * its. Takes time for NAME_WIDTH_MAX bytes at most for each part of a name. No more than the last *ret_depth bytes of the
 * text matter, as long as there are no other heads in its stretch.
 */
size_t ks_names_find(const struct names *names, const uint8_t *text, size_t len,
                     const struct name_stretch *stretch, uint32_t *ret_rules, size_t *ret_depth);
