/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target: any bytes as a file of known values. What is read of it are its lines, in order and whole, but for empty
 * ones and for the ends of lines; a copy is the same, and compared with itself nothing has changed. What is told of one
 * that cannot be used holds nothing of it. The verdict on each value is the same each time.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "known_source.h"
#include "target.h"

#define INPUT_MAX 4096U

struct file {
	const uint8_t *text;
	size_t len;
	char path[32];
	int fd;
};

static void
open_file(struct file *file, const uint8_t *data, size_t len)
{
	*file = (struct file){ data, len, "", file_of(data, len) };
	require(fchmod(file->fd, 0600) == 0, "no mode");
	(void)snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

/* The line that begins at *at, without its end. Returns false if there is none. */
static bool
next_line(const struct file *file, size_t *at, const uint8_t **ret_line, size_t *ret_len)
{
	const uint8_t *from = file->text + *at, *end;

	if (*at >= file->len)
		return false;
	end = memchr(from, '\n', file->len - *at);
	*ret_line = from;
	*ret_len = end ? (size_t)(end - from) : file->len - *at;
	*at += *ret_len + (end ? 1 : 0);
	if (*ret_len > 0 && from[*ret_len - 1] == '\r')
		--*ret_len;
	return true;
}

static void
check_lines(const struct file *file, const struct known_source *source)
{
	size_t at = file->len >= 3 && memcmp(file->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	size_t n = 0, len;
	const uint8_t *line;

	for (size_t number = 1; next_line(file, &at, &line, &len); number++) {
		const struct known_value *value = &source->values[n];

		if (len == 0)
			continue;
		require(n < source->count, "a line is missing");
		require(value->number == number && value->len == len, "another line");
		require(memcmp(ks_known_source_bytes(source, value), line, len) == 0,
		        "other bytes");
		n++;
	}
	require(n == source->count, "more values than lines");
}

static void
check_copy(const struct known_source *source)
{
	struct known_source copy;

	require(ks_known_source_copy(&copy, source) == KS_OK, "no copy");
	require(copy.count == source->count, "a copy of another size");
	ks_known_source_compare(&copy, source, 7);
	for (size_t i = 0; i < copy.count; i++)
		require(copy.values[i].changed == source->values[i].changed, "a change");
	ks_known_source_done(&copy);
}

static void
check_verdicts(const struct known_source *source)
{
	struct ks_known *known;

	require(ks_known_new(&known) == KS_OK, "no memory");
	for (size_t i = 0; i < source->count; i++) {
		const struct known_value *value = &source->values[i];
		const uint8_t *bytes = ks_known_source_bytes(source, value);
		enum ks_known_verdict first, second;

		require(ks_known_add(known, bytes, value->len, i + 1, &first) == KS_OK, "an error");
		require(ks_known_add(known, bytes, value->len, i + 1, &second) == KS_OK,
		        "an error");
		require(first == second, "two verdicts");
		require(value->len >= KS_KNOWN_MIN || first == KS_KNOWN_SHORT, "a short value");
	}
	ks_known_free(known);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct known_source source;
	struct ks_error error;
	struct file file;
	int r;

	if (len > INPUT_MAX)
		return 0;
	open_file(&file, data, len);
	r = ks_known_source_read(&source, KNOWN_FILE, file.path, &error);
	if (r == KS_OK) {
		check_lines(&file, &source);
		check_copy(&source);
		check_verdicts(&source);
	} else {
		require(r == KS_ERROR_FILE && strstr(error.text, "UTF-16"), "another error");
	}
	ks_known_source_done(&source);
	(void)close(file.fd);
	return 0;
}
