/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void
page_clear(struct page *page)
{
	page->len = page->line_count = 0;
}

void
page_done(struct page *page)
{
	free(page->bytes);
	free(page->marks);
	*page = (struct page){ 0 };
}

static void
add(struct page *page, char b, enum mark mark)
{
	if (page->len == page->max) {
		page->max = page->max ? 2 * page->max : 4096;
		page->bytes = realloc(page->bytes, page->max);
		page->marks = realloc(page->marks, page->max);
		assert(page->bytes && page->marks);
	}
	page->bytes[page->len] = (uint8_t)b;
	page->marks[page->len++] = (uint8_t)mark;
}

/* The character behind the backslash in a string, or 0: it stands for itself. */
static char
escape_of(const struct form *form, char c)
{
	if (form->quote == '\0')
		return '\0';
	if (c == '\\' || c == form->quote || (c == '/' && form->slashes))
		return c;
	return c == '\n' ? 'n' : c == '\r' ? 'r' : '\0';
}

/*
 * Write c as it looks in a string, in a string and so on. An escaped line end belongs to a run but
 * is no secret; a line end as it is stays.
 */
static void
add_escaped(struct page *page, const struct form *form, char c, enum mark mark, unsigned depth)
{
	char escape = depth ? escape_of(form, c) : '\0';
	bool is_line_end = c == '\n' || c == '\r';

	if (!escape) {
		add(page, c, is_line_end ? MARK_KEPT : mark);
		return;
	}
	if (is_line_end && mark == MARK_SECRET)
		mark = MARK_EITHER;
	add_escaped(page, form, '\\', mark, depth - 1);
	add_escaped(page, form, escape, mark, depth - 1);
}

/* Write byte i of the key. Where there may be no blanks, blank stands for one. */
static void
add_key_byte(struct page *page, const struct form *form, const struct key *key, size_t i,
             const char *blank)
{
	bool is_secret = i >= key->secret_from && i < key->secret_to;
	bool is_blank = form->words && key->text[i] == ' ';

	for (; is_blank && *blank; blank++)
		add(page, *blank, MARK_KEPT);
	if (!is_blank)
		add_escaped(page, form, key->text[i], is_secret ? MARK_SECRET : MARK_KEPT,
		            form->depth);
}

static void
add_name(struct page *page, const struct form *form, const struct key *key)
{
	for (size_t i = 0; i < key->form->name_len; i++)
		add_key_byte(page, form, key, i, "_");
}

/* Write the key from byte from on. Returns where it ends in the page. */
static size_t
add_value(struct page *page, const struct form *form, const struct key *key, size_t from)
{
	for (size_t i = from; i < key->len; i++)
		add_key_byte(page, form, key, i, "%20");
	return page->len;
}

/* Body bytes of the line that follow the run belong to it. */
static void
mark_rest_of_run(struct page *page, const struct key_form *form, size_t from)
{
	for (; from < page->len && form->body[page->bytes[from]]; from++)
		page->marks[from] = MARK_EITHER;
}

void
page_add_line(struct page *page, const struct form *form, const struct key *key)
{
	struct line *line = &page->lines[page->line_count++];
	size_t end = 0;

	assert(page->line_count <= PAGE_LINES_MAX);
	*line = (struct line){ .form = form, .from = page->len };
	for (const char *p = form->text; *p; p++) {
		if (*p == FORM_NAME)
			add_name(page, form, key);
		else if (*p == FORM_KEY)
			end = add_value(page, form, key, 0);
		else if (*p == FORM_VALUE)
			end = add_value(page, form, key, key->form->value_from);
		else
			add(page, *p, MARK_KEPT);
	}
	if (!key->form->follow)
		mark_rest_of_run(page, key->form, end);
	line->to = page->len;
}

void
page_add_stop(struct page *page)
{
	add(page, '\n', MARK_KEPT);
	add(page, PAGE_STOP, MARK_KEPT);
	add(page, '\n', MARK_KEPT);
}

const char *
page_judge(const struct page *page, const struct line *line, const uint8_t *output)
{
	for (size_t i = line->from; i < line->to; i++) {
		bool is_masked = output[i] != page->bytes[i];

		if (page->marks[i] == MARK_SECRET && !is_masked)
			return "a byte of the secret is not masked";
		if (page->marks[i] == MARK_KEPT && is_masked)
			return "a byte is masked that is no part of the secret";
	}
	return NULL;
}
