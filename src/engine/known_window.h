/* SPDX-License-Identifier: Apache-2.0 */
/* Known values in the windows of a stream. */
#pragma once

#include "known.h"
#include "known_former.h"
#include "window.h"

#define KNOWN_FORMERS_MAX 4U

/* Carried from one window of a stream to the next. */
struct known_carry {
	const struct ks_known *known; /* NULL: none; then nothing here is used */
	/*
	 * The last bytes of the stream that are less than a pattern that begins so: the open ones. Those of them
	 * that have gone out, for they were masked, stand here as they were; the others begin at from
	 * in the next window.
	 */
	uint8_t *gone; /* room for two patterns, or one and what was put off */
	size_t gone_len;
	size_t from;
	struct known_former formers[KNOWN_FORMERS_MAX]; /* whose values are begun */
	size_t former_count;
	bool hides_line;   /* they were too many: all is masked up to a line's end */
	uint64_t taken_at; /* in the stream: what follows is to be looked at for former ones */
};

/* Borrows known, which may be NULL. Errors: KS_ERROR_MEMORY, KS_ERROR_MISUSE (it is not compiled). */
int ks_known_carry_init(struct known_carry *carry, const struct ks_known *known);
/* As after ks_known_carry_init(). */
void ks_known_carry_reset(struct known_carry *carry);
/*
 * What was begun in a stream that has ended is gone on with here, from behind the first len bytes: of former's values, and of
 * those that it has got in the same way. The stream must be new.
 */
void ks_known_carry_follow(struct known_carry *carry, struct known_carry *former, size_t len);
/* Is something open? */
bool ks_known_carry_is_open(const struct known_carry *carry);
/* Wipes what has gone of a carry of known. NULL is fine. */
void ks_known_carry_free_gone(uint8_t *gone, const struct ks_known *known);
/* Wipes it. */
void ks_known_carry_done(struct known_carry *carry);

/*
 * Add the known values in the window to w->spans, and lower w->floor to the first open byte that is not
 * masked. To be called behind ks_window_resolve(), before anything is masked.
 */
void ks_known_resolve(struct window *w, struct known_carry *carry);
