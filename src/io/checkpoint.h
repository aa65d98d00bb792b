/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a restart needs to know: how far each source was read, and how far that was written. Positions and
 * names only, never bytes of the sources.
 *
 * A source is what was followed at one path, or the journal: the bytes of all files that were at the path,
 * one after the other. These files are its parts. Positions of a source count its bytes from any fixed
 * place, as those of a redactor do.
 *
 *     source     ...----------|=======================|------------------>
 *                          restart                 settled
 *     parts      | file 1, renamed since |  file 2, renamed  |  file 3, at the path ...
 *
 * All before settled was written; nothing from there on was (or, on a standard output, it counts as not
 * written). A restart reads again from restart on and drops the first settled - restart bytes of what
 * comes out. Only the parts that hold something from restart on are needed.
 *
 * With an output that is a file, output_length is its length when all before settled was written, so
 * that a restart cuts back what was written after the checkpoint: every byte is there exactly once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file_identity.h"
#include "keysieve.h"

/* A part that comes after all that was read: its place in the source is not known. */
#define CHECKPOINT_WAITS UINT64_MAX

/* Strings and lists belong to the checkpoint. */
struct checkpoint_part {
	char *path; /* where it was last seen */
	struct file_identity identity;
	uint64_t source_offset; /* a position in the source, or CHECKPOINT_WAITS ... */
	uint64_t file_offset;   /* ... and the place in the file where that is */
};

struct checkpoint_source {
	char *path;
	enum ks_frame frame;
	uint64_t restart, settled; /* restart <= settled */
	struct checkpoint_part *parts;
	size_t part_count;
	bool is_past; /* the one part was read to its end by another source: it need not be there */
	/*
	 * The journal: of the entry to begin again with; then, after a space, of the last that was
	 * written, if that is not before it. settled - restart counts the bytes of its export text
	 * that were written from that entry on. NULL: a source of files.
	 */
	char *cursor;
};

struct checkpoint {
	struct checkpoint_source *sources;
	size_t source_count;
	bool is_final; /* the run ended in order: nothing was written after this checkpoint */
	/*
	 * When all that can be followed was last looked for, in nanoseconds since 1970: what is not among the
	 * sources may have been born since. 0: not known.
	 */
	uint64_t looked;
	bool has_output;
	char *output_path; /* with has_output; the file may have been renamed */
	struct file_identity output;
	uint64_t output_length;
};

/* Free what a checkpoint owns; it is an empty one then. */
void ks_checkpoint_done(struct checkpoint *checkpoint);

/*
 * The text of a checkpoint, *ret_len bytes, the caller's to free: JSON whose first line holds the version of
 * the format and a checksum. In paths every byte but printable ASCII is written as %XX.
 * Errors: KS_ERROR_MEMORY.
 */
int ks_checkpoint_format(const struct checkpoint *checkpoint, char **ret_text, size_t *ret_len);

/*
 * The other way. *ret_checkpoint is untouched on errors: KS_ERROR_SYNTAX, KS_ERROR_MEMORY, with a text
 * in reterr.
 */
int ks_checkpoint_parse(const char *text, size_t len, struct checkpoint *ret_checkpoint,
                        struct ks_error *reterr);
