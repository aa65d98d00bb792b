/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masking the secrets in files that are there already, in the files themselves.
 *
 * A plain file keeps its inode: only the bytes that are masked are written, over those that were there. An
 * archive that gzip made is written anew, beside the old one, and takes its place. A file without
 * secrets is not touched.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "keysieve.h"

/*
 * Asked every now and then. position: bytes of the file that were read; it can go back. Does it have to end? The
 * file is then in order, and another run finds what is left.
 */
typedef bool (*ks_scrub_stop_fn)(void *ctx, uint64_t position);

struct scrub_options {
	const struct ks_ruleset *set; /* borrowed, like all others */
	struct ks_scratch *scratch;
	struct ks_redactor_options redactor; /* without sink */
	const char *suffix; /* of the name of a copy that is made first; NULL: of none */
	bool keep_times;    /* those of access and modification */
	ks_scrub_stop_fn should_stop;
	void *stop_ctx;
};

struct scrub_result {
	uint64_t findings;
	uint64_t masked; /* bytes that are masked now, and were not */
	uint64_t bytes;  /* of text that were looked at */
	bool is_archive;
	uint64_t size, new_size; /* of an archive that was written anew */
};

enum scrub_problem { SCRUB_FILE, SCRUB_ENGINE, SCRUB_STOPPED };

#define SCRUB_REASON_SIZE 512U

struct scrub_error {
	enum scrub_problem problem;
	int status;                     /* of the engine */
	char reason[SCRUB_REASON_SIZE]; /* of the others, to be shown behind the name of the file */
};

/*
 * Mask the secrets in the file, or in what a symbolic link points to. Returns 0, or -1 and fills *reterr. *ret is
 * filled in both cases.
 */
int ks_scrub_file(const char *path, const struct scrub_options *options, struct scrub_result *ret,
                  struct scrub_error *reterr);
