/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See known_source.h. Values lie in one secret text, one behind the other, and are known by their places in it.
 * Nothing but regular files is opened: to open a device or a pipe can have effects. A pipe that the shell has made for
 * this process is opened already.
 */
#include "known_source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "plain_name.h"

#define ATTEMPTS 3 /* to read a directory that changes meanwhile */

static int
fail(struct ks_error *reterr, const char *name, const char *reason)
{
	int r = ks_error_set(reterr, KS_ERROR_FILE, "%s", reason);

	ks_error_place(reterr, name, 0, 0);
	return r;
}

static int
fail_errno(struct ks_error *reterr, const char *name, int code)
{
	int r;

	if (code == ENOMEM)
		return ks_error_set(reterr, KS_ERROR_MEMORY, "out of memory");
	r = fail(reterr, name, strerror(code));
	reterr->sys = code;
	return r;
}

/* -------------------------------------------------------------------- life cycle ---- */

static void
forget_values(struct known_source *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->values[i].place);
	free(s->values);
	s->values = NULL;
	s->count = 0;
	ks_secret_text_done(&s->text);
}

void
ks_known_source_done(struct known_source *s)
{
	forget_values(s);
	*s = (struct known_source){ 0 };
}

/* Takes place, which may be NULL. Returns 0 or -ENOMEM. */
static int
add_value(struct known_source *s, const struct known_value *value)
{
	struct known_value *grown = s->values;

	if ((s->count & (s->count - 1)) == 0) /* there is room up to the next power of two */
		grown = reallocarray(grown, s->count ? 2 * s->count : 1, sizeof(*grown));
	if (!grown) {
		free(value->place);
		return -ENOMEM;
	}
	s->values = grown;
	s->values[s->count++] = *value;
	return 0;
}

int
ks_known_source_copy(struct known_source *s, const struct known_source *from)
{
	int r;

	*s = (struct known_source){ .kind = from->kind,
		                    .name = from->name,
		                    .is_pipe = from->is_pipe };
	r = ks_secret_text_add(&s->text, from->text.bytes, from->text.len);
	for (size_t i = 0; r == 0 && i < from->count; i++) {
		struct known_value value = from->values[i];

		value.place = value.place ? strdup(value.place) : NULL;
		r = from->values[i].place && !value.place ? -ENOMEM : add_value(s, &value);
	}
	return r == 0 ? KS_OK : KS_ERROR_MEMORY;
}

/* --------------------------------------------------------------------- comparing ---- */

static int
order(const struct known_source *a, const struct known_value *x, const struct known_source *b,
      const struct known_value *y)
{
	int by_place = strcmp(ks_known_source_place(a, x), ks_known_source_place(b, y));

	return by_place ? by_place : (x->number > y->number) - (x->number < y->number);
}

static bool
is_same(const struct known_source *a, const struct known_value *x, const struct known_source *b,
        const struct known_value *y)
{
	return x->len == y->len &&
	       memcmp(ks_known_source_bytes(a, x), ks_known_source_bytes(b, y), x->len) == 0;
}

void
ks_known_source_compare(struct known_source *s, const struct known_source *former, unsigned reading)
{
	for (size_t i = 0, j = 0; i < s->count; i++) {
		struct known_value *value = &s->values[i];

		while (j < former->count && order(former, &former->values[j], s, value) < 0)
			j++;
		value->changed = reading;
		for (size_t k = j;
		     k < former->count && order(former, &former->values[k], s, value) == 0; k++) {
			if (is_same(former, &former->values[k], s, value))
				value->changed = former->values[k].changed;
		}
	}
}

/* ----------------------------------------------------------------------- keeping ---- */

/* Of one source: either all have a place of their own, or none. */
static int
compare_places(const void *a, const void *b)
{
	const struct known_value *x = a, *y = b;
	int by_number = (x->number > y->number) - (x->number < y->number);

	return x->place ? strcmp(x->place, y->place) : by_number;
}

static void
sort_by_place(struct known_source *s)
{
	if (s->count > 0)
		qsort(s->values, s->count, sizeof(*s->values), compare_places);
}

/* The value that was read now in the place of one of former, or NULL. fresh: how many were. */
static struct known_value *
find_fresh(const struct known_source *s, size_t fresh, const struct known_value *value)
{
	return fresh > 0 ? bsearch(value, s->values, fresh, sizeof(*value), compare_places) : NULL;
}

static int
keep_value(struct known_source *s, const struct known_source *former,
           const struct known_value *value)
{
	struct known_value kept = *value;

	kept.from = s->text.len;
	if (ks_secret_text_add(&s->text, ks_known_source_bytes(former, value), value->len) < 0)
		return -ENOMEM;
	kept.place = value->place ? strdup(value->place) : NULL;
	return value->place && !kept.place ? -ENOMEM : add_value(s, &kept);
}

int
ks_known_source_keep(struct known_source *s, const struct known_source *former)
{
	bool were_all_read = true;
	size_t fresh = s->count;
	int r = 0;

	if (fresh == 0)
		forget_values(s); /* what was read before it failed */
	for (size_t i = 0; i < former->count; i++)
		were_all_read &= !former->values[i].is_former;
	for (size_t i = 0; r == 0 && i < former->count; i++) {
		struct known_value value = former->values[i], *now = find_fresh(s, fresh, &value);

		value.is_former |= were_all_read;
		if (now && is_same(s, now, former, &value))
			now->is_former |= value.is_former;
		else if (!now || value.is_former)
			r = keep_value(s, former, &value);
	}
	if (fresh > 0)
		sort_by_place(s);
	return r == 0 ? KS_OK : KS_ERROR_MEMORY;
}

/* ------------------------------------------------------------------------- files ---- */

bool
ks_known_source_is_pipe(const char *name)
{
	struct stat st;
	int fd;

	return (sscanf(name, "/dev/fd/%d", &fd) == 1 ||
	        sscanf(name, "/proc/self/fd/%d", &fd) == 1) &&
	       fd > STDERR_FILENO && stat(name, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Returns a descriptor, or an error. */
static int
open_pipe(const char *path, struct ks_error *reterr)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? fail_errno(reterr, path, errno) : fd;
}

/* Returns a descriptor of a regular file, or an error. */
static int
open_regular(const char *path, struct ks_error *reterr)
{
	struct stat st;
	int fd;

	if (stat(path, &st) < 0)
		return fail_errno(reterr, path, errno);
	if (S_ISDIR(st.st_mode))
		return fail(reterr, path, "a directory, not a file of values; see --known-dir");
	if (!S_ISREG(st.st_mode))
		return fail(reterr, path, "not a regular file");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fail_errno(reterr, path, errno);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & S_IWOTH))
		return fd;
	(void)close(fd);
	return fail(reterr, path,
	            "others may write to it, and so choose what is masked; see chmod o-w");
}

/*
 * Lines end with LF or CRLF. A CR that ends the file is half a CRLF: the value without it masks more. There are no
 * comments, as a value may begin with any byte.
 */
static int
split_lines(struct known_source *s)
{
	const uint8_t *text = s->text.bytes;
	size_t from = s->text.len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	int r = 0;

	for (size_t line = 1; r == 0 && from < s->text.len; line++) {
		const uint8_t *end = memchr(text + from, '\n', s->text.len - from);
		size_t to = end ? (size_t)(end - text) : s->text.len, next = end ? to + 1 : to;

		if (to > from && text[to - 1] == '\r')
			to--;
		if (to > from)
			r = add_value(s, &(struct known_value){ from, to - from, line, NULL, 0 });
		from = next;
	}
	return r;
}

static bool
is_utf16(const struct secret_text *text)
{
	return text->len >= 2 &&
	       (memcmp(text->bytes, "\xff\xfe", 2) == 0 || memcmp(text->bytes, "\xfe\xff", 2) == 0);
}

static int
read_file(struct known_source *s, struct ks_error *reterr)
{
	int fd, r;

	if (strcmp(s->name, "-") == 0)
		return fail(reterr, s->name, "values are not read from the standard input");
	s->is_pipe = ks_known_source_is_pipe(s->name);
	fd = s->is_pipe ? open_pipe(s->name, reterr) : open_regular(s->name, reterr);
	if (fd < 0)
		return fd;
	r = ks_secret_text_read(&s->text, fd, KNOWN_FILE_MAX);
	(void)close(fd);
	if (r == -EFBIG)
		return fail(reterr, s->name, "more than 16 MiB of values");
	if (r == 0 && s->is_pipe && s->text.len == 0)
		return fail(reterr, s->name, "the command has written no values");
	if (r == 0 && is_utf16(&s->text))
		return fail(reterr, s->name,
		            "UTF-16, which no log is likely to be; it must be UTF-8");
	if (r == 0)
		r = split_lines(s);
	return r == 0 ? KS_OK : fail_errno(reterr, s->name, -r);
}

/* ------------------------------------------------------------------- directories ---- */

static int
is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       (entry->d_type == DT_REG || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN);
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The value without one line end. What is too long is not read to its end. */
static int
add_file(struct known_source *s, int fd, char *path)
{
	struct known_value value = { .from = s->text.len, .number = 1, .place = path };
	int r = ks_secret_text_read(&s->text, fd, KS_KNOWN_MAX + 2);
	const uint8_t *bytes = s->text.bytes + value.from;

	if (r < 0 && r != -EFBIG) {
		free(path);
		return r;
	}
	value.len = s->text.len - value.from;
	if (value.len > 0 && bytes[value.len - 1] == '\n')
		value.len -= value.len > 1 && bytes[value.len - 2] == '\r' ? 2 : 1;
	if (value.len > KS_KNOWN_MAX)
		value.len = KS_KNOWN_MAX + 1;
	s->text.len = value.from + value.len;
	if (value.len > 0)
		return add_value(s, &value);
	free(path);
	return 0;
}

static int
read_entry(struct known_source *s, const char *name, struct ks_error *reterr)
{
	struct stat st;
	char *path;
	int fd, r;

	if (asprintf(&path, "%s/%s", s->name, name) < 0)
		return fail_errno(reterr, s->name, ENOMEM);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		free(path);
		return KS_OK;
	}
	fd = open_regular(path, reterr);
	if (fd < 0) {
		free(path);
		return fd;
	}
	r = add_file(s, fd, path);
	(void)close(fd);
	return r == 0 ? KS_OK : fail_errno(reterr, s->name, -r);
}

/* Files that cannot be read do not keep others from it. */
static int
read_entries(struct known_source *s, struct ks_error *reterr)
{
	struct dirent **entries = NULL;
	int count = scandir(s->name, &entries, is_shown, by_name), r = KS_OK;

	if (count < 0 && errno == ENOTDIR)
		return fail(reterr, s->name, "not a directory of values; see --known");
	if (count < 0)
		return fail_errno(reterr, s->name, errno);
	for (int i = 0; i < count; i++) {
		struct ks_error error;
		int of_this = r == KS_OK || r == KS_ERROR_FILE
		                      ? read_entry(s, entries[i]->d_name, &error)
		                      : KS_OK;

		/* What is gone meanwhile is the one that is worth another attempt. */
		if (of_this != KS_OK && (r == KS_OK || of_this != r || error.sys == ENOENT)) {
			r = of_this;
			*reterr = error;
		}
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* What was replaced while it was read is read again. */
static int
read_directory(struct known_source *s, struct ks_error *reterr)
{
	struct stat st;
	int r, attempts = ATTEMPTS;

	do {
		forget_values(s);
		r = read_entries(s, reterr);
	} while (r == KS_ERROR_FILE && reterr->sys == ENOENT && --attempts > 0);
	s->is_shared = stat(s->name, &st) == 0 && (st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX);
	return r;
}

/* ------------------------------------------------------------------- environment ---- */

static int
add_variable(struct known_source *s, const char *name, const char *text)
{
	struct known_value value = { .from = s->text.len, .len = strlen(text), .number = 1 };

	if (value.len == 0)
		return 0;
	if (value.len > KS_KNOWN_MAX)
		value.len = KS_KNOWN_MAX + 1;
	if (ks_secret_text_add(&s->text, text, value.len) < 0 ||
	    asprintf(&value.place, "$%s", name) < 0)
		return -ENOMEM;
	return add_value(s, &value);
}

/* Returns 1 if it matches, 0, or -ENOMEM. Variables of keysieve's own are never meant. */
static int
take_variable(struct known_source *s, const char *variable)
{
	const char *equals = strchr(variable, '=');
	char *name;
	int r = 0;

	if (!equals || strncmp(variable, "KEYSIEVE_", strlen("KEYSIEVE_")) == 0)
		return 0;
	name = strndup(variable, (size_t)(equals - variable));
	if (!name)
		return -ENOMEM;
	if (fnmatch(s->name, name, 0) == 0)
		r = add_variable(s, name, equals + 1) < 0 ? -ENOMEM : 1;
	free(name);
	return r;
}

/* What was given where a name is wanted may be a value: only what looks like a name is shown. */
static int
fail_names(const char *glob, struct ks_error *reterr)
{
	static const char of_globs[] = KS_UPPER KS_LOWER "0123456789_*?[]!^-.\\";

	if (glob[strspn(glob, of_globs)])
		return fail(reterr, "--known-env",
		            "takes names of variables, such as DB_PASSWORD or DB_*, not values");
	if (ks_plain_name(glob, KS_UPPER, "_*?"))
		return fail(reterr, glob, "no variable has such a name");
	return fail(
		reterr, "--known-env",
		"no variable has a name that was given (what does not look like one is not shown)");
}

static int
read_environment(struct known_source *s, struct ks_error *reterr)
{
	size_t matches = 0;

	for (char **variable = environ; *variable; variable++) {
		int r = take_variable(s, *variable);

		if (r < 0)
			return fail_errno(reterr, s->name, ENOMEM);
		matches += (size_t)r;
	}
	if (matches == 0)
		return fail_names(s->name, reterr);
	sort_by_place(s);
	return KS_OK;
}

int
ks_known_source_read(struct known_source *s, enum known_kind kind, const char *name,
                     struct ks_error *reterr)
{
	*s = (struct known_source){ .kind = kind, .name = name };
	switch (kind) {
	case KNOWN_FILE:
		return read_file(s, reterr);
	case KNOWN_DIRECTORY:
		return read_directory(s, reterr);
	case KNOWN_ENVIRONMENT:
		return read_environment(s, reterr);
	}
	return KS_ERROR_MISUSE;
}
