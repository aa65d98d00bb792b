/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scanloop: read, scan, write, and nothing else: what a filter on Hyperscan could reach at best.
 * Reads and writes as keysieve does, scans with the same database, counts matches and masks
 * nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "database.h"
#include "descriptor.h"

#define PAGE 4096U

struct options {
	const char *patterns; /* NULL: keysieve's own rules */
	const char *file;     /* NULL: stdin */
	size_t block, slice;
	bool is_copy; /* do not scan at all */
	bool shows_count;
};

struct loop {
	int in, out;
	char *buffer;
	hs_scratch_t *scratch;
	hs_stream_t *stream; /* NULL: only copy */
	uint64_t matches;
};

static const char help_text[] =
	"Usage: scanloop [OPTIONS] [FILE]\n"
	"Copy FILE or stdin to stdout and scan it on the way.\n"
	"\n"
	"  --patterns FILE  patterns, one a line (default: keysieve's own rules)\n"
	"  --block BYTES    of a read (default: 262144)\n"
	"  --slice BYTES    of a scan (default: 16384)\n"
	"  --copy           read and write only\n"
	"  --count          write the number of matches to stderr\n"
	"  --version        Hyperscan's version\n"
	"  --help           this text\n";

static int
fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "scanloop: %s: %s\n", what, why);
	return -1;
}

static int
count_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	uint64_t *matches = ctx;

	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	(*matches)++;
	return 0;
}

static int
loop_scan(struct loop *l, size_t length, size_t slice)
{
	for (size_t from = 0; l->stream && from < length; from += slice) {
		size_t n = length - from < slice ? length - from : slice;

		if (hs_scan_stream(l->stream, l->buffer + from, (unsigned)n, 0, l->scratch,
		                   count_match, &l->matches) != HS_SUCCESS)
			return fail("scan", "failed");
	}
	return 0;
}

static int
loop_run(struct loop *l, const struct options *o)
{
	for (;;) {
		ssize_t n = ks_descriptor_read(l->in, (uint8_t *)l->buffer, o->block);
		int r;

		if (n < 0)
			return fail("input", strerror((int)-n));
		if (n == 0)
			return 0;
		if (loop_scan(l, (size_t)n, o->slice) < 0)
			return -1;
		r = ks_descriptor_write(l->out, (const uint8_t *)l->buffer, (size_t)n);
		if (r < 0)
			return fail("stdout", strerror(-r));
	}
}

static int
loop_init(struct loop *l, const struct options *o)
{
	hs_database_t *database;

	if (o->file && (l->in = open(o->file, O_RDONLY | O_CLOEXEC)) < 0)
		return fail(o->file, strerror(errno));
	ks_descriptor_enlarge_pipe(l->in);
	ks_descriptor_enlarge_pipe(l->out);
	l->buffer = aligned_alloc(PAGE, (o->block + PAGE - 1) / PAGE * PAGE);
	if (!l->buffer)
		return fail("buffer", strerror(ENOMEM));
	if (o->is_copy)
		return 0;
	database = load_database(o->patterns);
	if (!database)
		return -1;
	if (hs_alloc_scratch(database, &l->scratch) != HS_SUCCESS ||
	    hs_open_stream(database, 0, &l->stream) != HS_SUCCESS)
		return fail("stream", "cannot be opened");
	return 0;
}

static int
loop_end(struct loop *l)
{
	if (l->stream &&
	    hs_close_stream(l->stream, l->scratch, count_match, &l->matches) != HS_SUCCESS)
		return fail("stream", "cannot be closed");
	(void)hs_free_scratch(l->scratch);
	free(l->buffer);
	return 0;
}

static int
size_read(const char *text, size_t *ret_size)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || n == 0 || n > (1U << 30))
		return fail("not a size", text);
	*ret_size = n;
	return 0;
}

/* Returns 0, 1 if there is nothing more to do, or -1. */
static int
option_read(int key, const char *value, struct options *o)
{
	switch (key) {
	case 'p':
		o->patterns = value;
		return 0;
	case 'b':
		return size_read(value, &o->block);
	case 's':
		return size_read(value, &o->slice);
	case 'c':
		o->is_copy = true;
		return 0;
	case 'n':
		o->shows_count = true;
		return 0;
	case 'v':
		(void)puts(hs_version());
		return 1;
	case 'h':
		(void)fputs(help_text, stdout);
		return 1;
	default:
		return -1;
	}
}

static int
options_read(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{ "patterns", required_argument, NULL, 'p' },
		{ "block", required_argument, NULL, 'b' },
		{ "slice", required_argument, NULL, 's' },
		{ "copy", no_argument, NULL, 'c' },
		{ "count", no_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int r = 0;
	int key;

	while (r == 0 && (key = getopt_long(argc, argv, "", table, NULL)) != -1)
		r = option_read(key, optarg, o);
	if (r == 0 && optind + 1 < argc)
		return fail("one file at most", argv[optind + 1]);
	o->file = optind < argc ? argv[optind] : NULL;
	return r;
}

int
main(int argc, char **argv)
{
	struct options options = { .block = 262144, .slice = 16384 };
	struct loop loop = { .in = STDIN_FILENO, .out = STDOUT_FILENO };
	int r = options_read(argc, argv, &options);

	if (r != 0)
		return r < 0 ? 2 : 0;
	if (loop_init(&loop, &options) < 0)
		return 78;
	if (loop_run(&loop, &options) < 0 || loop_end(&loop) < 0)
		return 74;
	if (options.shows_count)
		(void)fprintf(stderr, "%" PRIu64 " matches\n", loop.matches);
	return 0;
}
