/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The systemd journal, by libsystemd: its entries, one after the other, in the text that journalctl -o export
 * makes of them.
 *
 * Functions return 0, a negative errno, or what is said.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;

/* Which one. */
struct journal_place {
	const char *directory;    /* NULL: this system's journal */
	const char *const *files; /* these and no others, if there are any */
	size_t file_count;
};

/* Called for each file that cannot be read. Borrows path. error is a positive errno. */
typedef void (*journal_damage_fn)(void *ctx, const char *path, int error);

/*
 * Open it, and look whether its files can be read: libsystemd passes over those that cannot.
 * *ret_count is the number of those that can. Borrows place until return.
 */
int ks_journal_open(const struct journal_place *place, journal_damage_fn on_damage, void *ctx,
                    struct journal **ret_journal, size_t *ret_count);
/* NULL is fine. */
void ks_journal_close(struct journal *journal);

/*
 * Only entries that match: "FIELD=value", of the same field any of the values, of several fields all; "+" begins
 * anew, and entries match if they match what stands before or behind. -EINVAL: neither of both.
 */
int ks_journal_match(struct journal *journal, const char *match);

/* Where ks_journal_next() begins: with the first entry, or with the last count of them; *ret_found are there. */
int ks_journal_seek_first(struct journal *journal);
int ks_journal_seek_last(struct journal *journal, unsigned count, unsigned *ret_found);
/*
 * With that of the cursor. Returns 0, a negative errno, or JOURNAL_GONE if it is not there any more: then with
 * the first that is later. -EINVAL: it is no cursor.
 */
enum { JOURNAL_GONE = 1 };
int ks_journal_seek_cursor(struct journal *journal, const char *cursor);

/* Go to the next entry. Returns 1; 0 if there is none yet; or a negative errno. */
int ks_journal_next(struct journal *journal);

/* Of the entry at hand; the caller's to free. */
int ks_journal_cursor(struct journal *journal, char **ret_cursor);
/*
 * Who wrote the entry at hand: the container or the unit; NULL: it does not say. What a container is called was
 * claimed by whoever wrote the entry. *ret_source is the caller's to free. Returns 0 or -ENOMEM.
 */
int ks_journal_source(struct journal *journal, char **ret_source);
/* Is it that of the entry at hand? Returns 1, 0 or a negative errno. */
int ks_journal_is_at(struct journal *journal, const char *cursor);

/* Called with pieces of text; lends them until return. Returns 0, or a positive number: stop. */
typedef int (*journal_text_fn)(void *ctx, const uint8_t *text, size_t len);

/*
 * The entry at hand, in any number of pieces, with the empty line that ends it; that comes also if a part of it
 * cannot be read. Returns 0; what on_text returned, if that is not 0; or a negative errno.
 */
int ks_journal_text(struct journal *journal, journal_text_fn on_text, void *ctx);

/* What to wait for, when there is no next entry, and for how long (milliseconds; -1: for ever). */
int ks_journal_poll(struct journal *journal, struct pollfd *ret_poll, int *ret_timeout);
/* Take note of what has happened. To be called after waiting, before ks_journal_next(). */
int ks_journal_process(struct journal *journal);
