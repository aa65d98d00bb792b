/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a log with a key in each, and what has to become of each byte. */
#pragma once

#include "contexts.h"
#include "keys.h"

/* What an output may be. */
enum mark {
	MARK_KEPT,   /* as it was */
	MARK_SECRET, /* masked */
	MARK_EITHER  /* a body byte right behind the key: by definition part of the run */
};

#define PAGE_LINES_MAX 40

struct line {
	const struct form *form; /* borrowed */
	size_t from, to;         /* bytes of the page */
};

struct page {
	uint8_t *bytes, *marks; /* freed by page_done() */
	size_t len, max;
	struct line lines[PAGE_LINES_MAX];
	size_t line_count;
};

/* A byte that no rule's body may have: between two lines, so that no run goes on into the next. */
#define PAGE_STOP '\1'

/* An empty page is { 0 }. */
void page_clear(struct page *page);
void page_done(struct page *page);

/* Add a line. Borrows form for the page's life. */
void page_add_line(struct page *page, const struct form *form, const struct key *key);
/* What comes between two lines. */
void page_add_stop(struct page *page);

/* What is wrong with a line of output, the page when masked: a constant text, or NULL. */
const char *page_judge(const struct page *page, const struct line *line, const uint8_t *output);
